// Rooms to chat in: ws://localhost:8280/chat/blue?name=ana
import { type Caller, service } from 'myelin'

const nameOf = (caller: Caller): string => String(caller.params.name)
const roomOf = (caller: Caller): string => `chat ${caller.params.room}`

export default service({
  basePath: '/chat',
  upgradePath: '/[room:string]',
  query: { name: 'string' },

  async onOpen(caller) {
    await caller.groups.join(roomOf(caller))
    await caller.groups.send(roomOf(caller), `${nameOf(caller)} is here`)
  },

  async onTextMessage(caller, text: string) {
    await caller.groups.send(roomOf(caller), `${nameOf(caller)}: ${text}`)
  },

  async onClose(caller) {
    await caller.groups.send(roomOf(caller), `${nameOf(caller)} has left`)
  },
})
