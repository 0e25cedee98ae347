/** Where it is shown that something holds: a file below `tests`, and the title of a test or a group of tests in it. */
export type Proof = readonly [file: string, title: string]

/** What shows that each behaviour of the registry holds, by its id and its name. */
export const BEHAVIOURS: Readonly<Record<string, Proof>> = {
  'W-06 a fault sequence that is not defined': [
    'deployment/link.test.ts',
    'fault: the one named, else fault, else the built-in one, which is noted once where it is named',
  ],
  'W-08 two connections': [
    'e2e/websocket-to-websocket.test.ts',
    'each client has a connection of its own, and gets only its own answers',
  ],
  'W-10 messages that are not changed': [
    'e2e/websocket-to-websocket.test.ts',
    'a frame leaves with its very bytes where a mediator has only read it',
  ],
  'W-11 namespaces': [
    'options/behaviours.test.ts',
    'elements may stand in the namespace of Synapse, or in none',
  ],
  'W-16 SOAP by curl': [
    'options/behaviours.test.ts',
    'an envelope posted to a proxy service reaches a WebSocket %s',
  ],
  'W-17 the sequence for messages of a backend': ['e2e/http-to-websocket.test.ts', 'runs through $rule'],
  'W-20 ws and wss': [
    'e2e/tls.test.ts',
    'with a certificate of the trust store are talked to, for clients and for HTTP callers',
  ],
  'W-21 the log': [
    'e2e/websocket-to-websocket.test.ts',
    'text comes back in upper case, and the log shows the answer',
  ],
  "W-29 synapse(contentType='…')": [
    'e2e/handshakes.test.ts',
    'one that tells the content type lets expressions read the messages',
  ],
  'W-35 new certificates': [
    'e2e/tls-reload.test.ts',
    'is served to who connects from then on, and who is connected goes on',
  ],
  'W-37 /health': [
    'e2e/handshakes.test.ts',
    'GET /health without an upgrade is answered with 200 and no body, and runs no sequence',
  ],
  'W-38 several services on one port': [
    'e2e/handshakes.test.ts',
    'are told apart by ws.path, and the longest path wins',
  ],
  'W-47 the end of a client': [
    'e2e/websocket-to-websocket.test.ts',
    'opens no connection where there was none, and sends nothing',
  ],
  'W-48 a backend that cannot be reached': [
    'e2e/lost-backends.test.ts',
    'a backend that is down: the client gets 1014, and works once the backend is back',
  ],
  'W-56 addresses that differ by their query': [
    'e2e/websocket-pitfalls.test.ts',
    'backends that differ by their query alone get a connection of a client each',
  ],
  'W-57 sharing': [
    'e2e/http-to-websocket.test.ts',
    'is one for all callers of all services with the same address',
  ],
  'W-59 messages for a backend that is away': [
    'e2e/lost-backends.test.ts',
    'more messages than may wait for a handshake are a fault, and those before them arrive',
  ],
  'W-63 synapse.xml': ['deployment/deploy.test.ts', 'are read one per file, or many in one'],
  'W-87 APIs on WebSockets': [
    'proxy/api-on-websocket.test.ts',
    'takes the sessions with its path, from the handshake to the end, and leaves others to the endpoint',
  ],
  'W-90 login': ['management/api.test.ts', 'users without rights look, and change nothing'],
  'W-96 deployment.toml': [
    'settings.test.ts',
    'keys that mean nothing here are warnings, the near ones with a suggestion',
  ],
  'W-97 errors in a configuration': [
    'cli/validate.test.ts',
    'prints one array of findings with their places',
  ],
  'B-07 onMessage beside onTextMessage or onBinaryMessage': [
    'services/checks.test.ts',
    '%s names both places',
  ],
  'B-08 pings': ['services/hooks.test.ts', 'pings are answered unless there is a hook, which may'],
  'B-09 a connection that is closed': [
    'sdk/client.test.ts',
    'by the server is an error with its code and reason, once what it sent before is read',
  ],
  'B-34 what is wrong with a service': ['services/checks.test.ts', 'YAML: %s'],
  'B-38 errors of onUpgrade': ['services/hooks.test.ts', 'a thrown %s is %i'],
  'B-40 a second onUpgrade': ['options/behaviours.test.ts', 'a second onUpgrade is an error'],
  'B-41 fragments': [
    'e2e/websocket-to-websocket.test.ts',
    'a message in fragments arrives whole, with a ping between them',
  ],
  'B-43 an async generator': [
    'services/hooks.test.ts',
    'an async generator sends each element, and messages are read meanwhile',
  ],
  'B-46 codes that may not be sent': ['sdk/client.test.ts', 'refuses the code %d'],
  'B-47 a hook that fails': [
    'services/hooks.test.ts',
    'a hook that fails closes its own client with 1011, and onError knows why',
  ],
  'B-51 the error hook of a route': [
    'services/hooks.test.ts',
    'what does not fit goes to the error hook of the route, to onError, or closes',
  ],
  'B-53 routes that clash': ['services/checks.test.ts', 'duplicate routes name both places'],
  'B-58 what a client reads': ['sdk/client.test.ts', 'text and binary can be written and read by name'],
  'B-59 binary messages': [
    'sdk/client.test.ts',
    'bytes go out as a binary message, and come back as they were',
  ],
  'B-64 a message that a client cannot read': [
    'sdk/binding.test.ts',
    'that refuses JSON is a PayloadValidationError, and the connection stays open',
  ],
  'O-03 the handshake': [
    'e2e/handshakes.test.ts',
    'a version other than 13 is refused with 426 that names 13',
  ],
  'O-07 a message': ['services/hooks.test.ts', 'a class is a service, its methods being hooks'],
  'O-11 clients that have left': [
    'e2e/groups.test.ts',
    'nobody once they have left, by leaveGroup or by going away',
  ],
  'O-11 two services at one place': [
    'e2e/handshakes.test.ts',
    'with the same path are reported, and the first is served',
  ],
  'X-03 a mock in a group of endpoints': [
    'mocks/gateway.test.ts',
    'a mock stands in for a live endpoint that is gone, as the next of a fail-over group',
  ],
  'X-06 one base path': [
    'services/hooks.test.ts',
    'REST resources are below the same path, on the same port',
  ],
  'X-10 typed errors': ['sdk/errors.test.ts', 'each has a class, a code of its own, and is a WebSocketError'],
}

/** What shows it for places where nothing is declared, by their names in the registry. */
export const PLACES: Readonly<Record<string, readonly Proof[]>> = {
  template: [['collections/variables.test.ts', 'every predefined name is tested here']],
  error: [['sdk/errors.test.ts', 'each has a class, a code of its own, and is a WebSocketError']],
  'mock pattern hole': [
    ['mocks/websocket.test.ts', 'bind holes with their type, by any name, within text, and without quotes'],
  ],
  'mock template': [
    ['mocks/websocket.test.ts', 'have conditions, lists, and what there is of values'],
    ['mocks/websocket.test.ts', 'are made up where that is wanted'],
  ],
  'mock path': [
    ['mocks/websocket.test.ts', 'has typed parameters'],
    ['mocks/http.test.ts', 'have typed parameters in path and query'],
  ],
  'mock server': [['mocks/http.test.ts', 'the mock server lists what it has']],
  'mock file': [['mocks/http.test.ts', 'is answered by operationId, and by examples of its schemas']],
  'mock environment': [['cli/mock.test.ts', 'takes what it is not told from the environment']],
  'mock websocket: strict': [['mocks/websocket.test.ts', 'end the connection where a value must be there']],
}
