// A class whose methods are the hooks, and a REST resource below the same base path.
//   bin/myelin run examples/services/hello-world.ts
//   curl http://localhost:8280/test/hello
//   bin/myelin ws ws://localhost:8280/test/websocket
import { annotated, type ServiceMessage, sendText } from 'myelin'

class HelloWorld {
  onOpenMessage(m: ServiceMessage): Promise<void> {
    return sendText(m, 'welcome')
  }

  onTextMessage(m: ServiceMessage): Promise<void> {
    return sendText(m, String(m.data))
  }

  onCloseMessage(_m: ServiceMessage): void {}
}

export default annotated(HelloWorld, {
  basePath: '/test',
  upgradePath: '/websocket',
  onOpen: 'onOpenMessage',
  onClose: 'onCloseMessage',
  resources: { 'GET /hello': () => 'hello over HTTP' },
})
