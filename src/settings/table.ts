import { decimal, integer, list, oneOf, port, text, type ValueType } from '../language/types.ts'
import { DEFAULT_MAX_BACKLOG_BYTES } from '../websocket/backlog.ts'
import {
  DEFAULT_COMPRESSION,
  DEFAULT_CONNECTION_OPTIONS,
  DEFAULT_HANDSHAKE_TIMEOUT_MS,
} from '../websocket/options.ts'
import { addressRanges } from './address-ranges.ts'
import { jsonXmlSettings } from './json-xml.ts'
import { managementSettings } from './management.ts'
import { boolean, setting } from './setting.ts'
import { tlsSettings } from './tls.ts'

const atLeast = (min: number): ValueType<number> => integer({ min })

/** Every setting, by its full key in deployment.toml. WSO2's own keys where they exist. */
export const SETTINGS = {
  'server.offset': setting(
    integer({ min: 0, max: 60_000 }),
    0,
    'Added to the ports of the HTTP transport, the probes, the management API, and WebSocket inbound endpoints with ws.use.port.offset.',
  ),
  'transport.http.listener.enable': setting(boolean, true, 'Whether the HTTP transport listens.'),
  'transport.http.listener.port': setting(
    port,
    8280,
    'Port of the HTTP transport, where proxy services are.',
  ),
  'transport.http.listener.host': setting(
    text,
    undefined,
    'Address the HTTP transport binds to; default all.',
  ),
  'transport.http.listener.max_body_bytes': setting(
    atLeast(1),
    16 * 1024 * 1024,
    'Largest body of an HTTP request that is looked into; a larger one gets 413. One that is passed on as it comes may have any size.',
  ),
  'transport.http.socket_timeout': setting(
    atLeast(0),
    180_000,
    'How long nothing may happen on the socket of a request, and on that of an answer that is passed on, in milliseconds; 0 waits for ever.',
  ),
  'transport.http.listener.header_timeout_ms': setting(
    atLeast(0),
    10_000,
    'How long a client may take until the head of its request is complete, an upgrade to WebSocket among them, from its connection on, in milliseconds; it gets 408 then, within a second. 0 waits for ever.',
  ),
  'transport.http.listener.max_header_bytes': setting(
    integer({ min: 1_024, max: 1024 * 1024 }),
    16 * 1024,
    'Largest head of a request, its address included, in bytes; a larger one gets 431.',
  ),
  'transport.http.listener.max_headers': setting(
    atLeast(0),
    200,
    'Most header fields of a request; one with more gets 431. 0 for any number.',
  ),
  'transport.http.listener.trusted_proxies': setting(
    addressRanges,
    [],
    'Addresses and ranges of the proxies in front, such as 10.0.0.0/8, comma-separated. Only what these say is taken for the address, scheme and host of a client; default nobody.',
  ),
  'transport.http.listener.forwarded_headers': setting(
    oneOf('X-Forwarded', 'Forwarded'),
    'X-Forwarded',
    'Where they say it: in X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host, or in Forwarded (RFC 7239). The other is not looked at: a proxy that does not set it passes on what anybody wrote.',
  ),
  'transport.http.listener.secured_enable': setting(
    boolean,
    true,
    'Whether the HTTPS transport listens, where there is a key store for it.',
  ),
  'transport.http.listener.secured_port': setting(port, 8243, 'Port of the HTTPS transport.'),
  'transport.http.listener.secured_protocols': setting(
    text,
    'TLS',
    'TLS versions of the HTTPS transport, comma-separated: TLS, TLSv1.2, TLSv1.3; older ones are left out.',
  ),
  'transport.http.listener.secured_verify_client': setting(
    oneOf('none', 'optional', 'require'),
    'none',
    'The same as verify_client, which the original knows.',
  ),
  'transport.http.listener.preferred_ciphers': setting(
    text,
    undefined,
    'Cipher suites of the HTTPS transport, comma-separated, in the names of Java, the IETF or OpenSSL.',
  ),
  'keystore.tls.file_name': setting(
    text,
    undefined,
    'Key store with the certificate of the HTTPS transport: JKS, PKCS#12 or PEM.',
  ),
  'keystore.tls.password': setting(text, undefined, 'Password of that store.'),
  'keystore.tls.key_password': setting(
    text,
    undefined,
    'Password of its private key; default that of the store.',
  ),
  'synapse_properties.synapse.rest.CORSConfig.enabled': setting(
    boolean,
    true,
    'Whether APIs answer browsers that ask which origins may use them.',
  ),
  'synapse_properties.synapse.rest.CORSConfig.Access-Control-Allow-Origin': setting(
    list,
    [],
    'The origins that may, comma-separated; `*` for all. One with localhost allows 127.0.0.1 too.',
  ),
  'synapse_properties.synapse.rest.CORSConfig.Access-Control-Allow-Headers': setting(
    list,
    [],
    'The request headers that pages of these origins may set.',
  ),
  'transport.http.sender.max_body_bytes': setting(
    atLeast(1),
    64 * 1024 * 1024,
    'Largest body of an HTTP backend that is looked into; a larger one is fault 101501. One that is passed on as it comes may have any size.',
  ),
  'transport.http.sender.connect_timeout_ms': setting(
    atLeast(1),
    10_000,
    'How long connecting to an HTTP backend may take, TLS included.',
  ),
  'truststore.file_name': setting(
    text,
    undefined,
    'Authorities for https backends: JKS, PKCS#12 or PEM; default those of Node.',
  ),
  'truststore.password': setting(text, undefined, 'Password of that store.'),
  'synapse_properties.synapse.global_timeout_interval': setting(
    atLeast(1),
    120_000,
    'How long the answer of a backend may take at most, in milliseconds, whatever its endpoint says.',
  ),
  'synapse_properties.synapse.global_endpoint_suspend_duration': setting(
    integer(),
    -1,
    'How long an endpoint is suspended that does not say, in milliseconds; below 0 30000.',
  ),
  'synapse_properties.synapse.global_endpoint_suspend_progression_factor': setting(
    decimal,
    1,
    'What each further suspension of an endpoint that does not say is multiplied by.',
  ),
  'synapse_properties.synapse.override_endpoint_suspend_config_with_global_values': setting(
    boolean,
    false,
    'Whether the two above hold for all endpoints, whatever they say themselves.',
  ),
  'synapse_properties.build.message.on.failover.enable': setting(
    boolean,
    false,
    'Whether groups of endpoints read every payload in before they try the first, so that any can be sent again.',
  ),
  'synapse_properties.synapse.endpoint.http.oauth.cache.timeout': setting(
    atLeast(0),
    3_000,
    'How long the OAuth token of an http endpoint is kept at most, in seconds; 0 asks for one each time.',
  ),
  ...jsonXmlSettings,
  ...tlsSettings,
  'transport.ws.sender.enable': setting(boolean, true, 'Accepted; WebSocket endpoints are always there.'),
  'transport.ws.sender.outflow_dispatch_sequence': setting(
    text,
    undefined,
    'Sequence for messages of WebSocket backends whose callers have no session.',
  ),
  'transport.ws.sender.outflow_dispatch_fault_sequence': setting(
    text,
    undefined,
    'Sequence for faults in the one above, and for lost backends.',
  ),
  'transport.ws.sender.parameter.ws.custom.header': setting(
    text,
    'websocket.custom.header.',
    'Prefix of the axis2 properties that become headers of the backend handshake.',
  ),
  'transport.ws.sender.parameter.ws.headers.preserve': setting(
    list,
    [],
    'Headers of the client copied to the backend handshake.',
  ),
  'transport.ws.sender.parameter.ws.client.enable.hostname.verification': setting(
    boolean,
    true,
    'Whether the certificate of a wss backend must name its host.',
  ),
  'transport.ws.max_message_bytes': setting(
    atLeast(1),
    DEFAULT_CONNECTION_OPTIONS.maxMessageBytes,
    'Largest WebSocket message, either way; a larger one closes its connection with 1009.',
  ),
  'transport.ws.handshake_timeout_ms': setting(
    atLeast(1),
    DEFAULT_HANDSHAKE_TIMEOUT_MS,
    'How long connecting to a WebSocket backend and its handshake may take.',
  ),
  'transport.ws.max_frame_bytes': setting(
    atLeast(1),
    undefined,
    'Largest WebSocket frame, either way, as it is sent; a larger one closes its connection with 1009. Default that of a message.',
  ),
  'transport.ws.sender.compression.enable': setting(
    boolean,
    false,
    'Whether compression (permessage-deflate) is offered to WebSocket backends.',
  ),
  'transport.ws.sender.compression.threshold_bytes': setting(
    atLeast(0),
    DEFAULT_COMPRESSION.thresholdBytes,
    'From how many bytes on a message to a backend is compressed.',
  ),
  'transport.ws.sender.compression.context_takeover': setting(
    boolean,
    DEFAULT_COMPRESSION.keepsContext,
    'Whether messages to and from backends may refer back to those before them, which makes them smaller and takes up to 300 KiB for each link.',
  ),
  'transport.ws.sender.compression.window_bits': setting(
    integer({ min: 8, max: 15 }),
    DEFAULT_COMPRESSION.windowBits,
    'How far back compressed data refers, as a power of two: 8 is 256 bytes, 15 is 32 KiB.',
  ),
  'transport.ws.close_timeout_ms': setting(
    atLeast(1),
    DEFAULT_CONNECTION_OPTIONS.closeTimeoutMs,
    'How long a peer may take to answer a close frame.',
  ),
  'transport.ws.queue.max_messages': setting(
    atLeast(1),
    10_000,
    'Most messages that wait for one backend’s handshake; more are refused.',
  ),
  'transport.ws.queue.max_bytes': setting(
    atLeast(1),
    64 * 1024 * 1024,
    'Most bytes that wait for one backend’s handshake, or for a backend that is slow to read what HTTP callers send; more are refused.',
  ),
  'transport.ws.max_buffered_bytes': setting(
    atLeast(0),
    DEFAULT_MAX_BACKLOG_BYTES,
    'Most bytes that wait in memory to be sent, over all WebSockets of the process; 0 for any number. As they get scarce, who makes most of them wait is held up first.',
  ),
  'transport.ws.spill_folder': setting(
    text,
    undefined,
    'Folder for messages that wait on disk for slow clients; default myelin-spill in that of the system for temporary files. Files in it have no name while they are in use.',
  ),
  'transport.ws.groups.max_per_session': setting(
    atLeast(0),
    100,
    'How many groups a WebSocket session may be in at the same time; 0 for any number.',
  ),
  'transport.wss.sender.enable': setting(boolean, true, 'Accepted; WebSocket endpoints are always there.'),
  'transport.wss.sender.truststore_location': setting(
    text,
    undefined,
    'Authorities for wss backends: JKS, PKCS#12 or PEM; default those of `[truststore]`.',
  ),
  'transport.wss.sender.truststore_password': setting(text, undefined, 'Password of that store.'),
  'myelin.script.timeout_ms': setting(
    integer({ min: 1, max: 60_000 }),
    500,
    'How long a script may run for one message, in milliseconds; then it is stopped with a fault.',
  ),
  'myelin.script.memory_mb': setting(
    integer({ min: 8, max: 4096 }),
    64,
    'How much memory one script may hold, in mebibytes; then it is stopped with a fault.',
  ),
  ...managementSettings,
  'management.probe.enable': setting(boolean, true, 'Whether /healthz and /liveness are served.'),
  'management.probe.port': setting(port, 9201, 'Port of the probes.'),
  'management.probe.host': setting(text, undefined, 'Address the probes bind to; default all.'),
  'myelin.data_folder': setting(
    text,
    undefined,
    'Folder for what outlives the process, such as durable message stores; default MYELIN_DATA_FOLDER of the environment, else `data` in the current folder. It is made when it is needed.',
  ),
  'myelin.redis.url': setting(
    text,
    undefined,
    'Address of a Redis, 6.2 or newer, for durable message stores and for several gateways that work as one: redis://user:password@host:6379/0, or rediss:// for TLS. Default MYELIN_REDIS_URL of the environment.',
  ),
  'myelin.redis.prefix': setting(
    text,
    'myelin',
    'What the names of all keys in that Redis begin with: gateways with the same one work as one.',
  ),
  'myelin.node_id': setting(
    text,
    undefined,
    'Name of this process among several; default MYELIN_NODE_ID of the environment, else the name of the machine and the number of the process.',
  ),
  'myelin.cluster.answer_timeout_ms': setting(
    integer({ min: 10, max: 60_000 }),
    1_000,
    'How long other processes may take to say what became of a message for WebSocket sessions, in milliseconds; then it goes on without that.',
  ),
  'myelin.cluster.max_cached_bytes': setting(
    atLeast(0),
    1024 * 1024,
    'Largest response that a cache shares with other processes, in bytes; 0 for none.',
  ),
  'myelin.strict': setting(
    boolean,
    false,
    'Whether any error in the configuration keeps the gateway from starting.',
  ),
  'myelin.shutdown_grace_ms': setting(
    atLeast(0),
    10_000,
    'How long stopping may take before what is left is cut.',
  ),
  'myelin.log.level': setting(
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    'info',
    'Least level that is logged.',
  ),
  'myelin.log.wire': setting(
    oneOf('off', 'headers', 'frames'),
    'off',
    'Whether each WebSocket frame is logged, at debug: nothing, what its header says, or the first 256 bytes of text too. An inbound endpoint may say it for itself.',
  ),
  'myelin.demo_backend.enable': setting(
    boolean,
    false,
    'Whether the upper-casing WebSocket server of the examples is started.',
  ),
  'myelin.demo_backend.port': setting(port, 8082, 'Its port.'),
} as const
