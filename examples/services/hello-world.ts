// A class, its paths and hooks as annotations: ws://localhost:8280/test/websocket
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
