// A chat: everybody reads what anybody writes, who comes and who leaves. /name changes the name.
//   bin/myelin run examples/applications/chat.ts
//   bin/myelin ws ws://localhost:8280/chat/ana --no-words
import { type Caller, service } from 'myelin'

const nameOf = (caller: Caller): string => String(caller.getAttribute('name'))

async function tellAll(caller: Caller, text: string): Promise<void> {
  await caller.groups.send('chat', text)
}

export default service({
  basePath: '/chat',
  upgradePath: '/[name:string]',

  async onOpen(caller) {
    caller.setAttribute('name', caller.params.name)
    await caller.groups.join('chat')
    await tellAll(caller, `${nameOf(caller)} has joined`)
  },

  async onTextMessage(caller, text: string) {
    const name = /^\/name (\w+)$/.exec(text)?.[1]
    if (name === undefined) return tellAll(caller, `${nameOf(caller)}: ${text}`)
    await tellAll(caller, `${nameOf(caller)} is ${name} now`)
    caller.setAttribute('name', name)
  },

  async onClose(caller) {
    await tellAll(caller, `${nameOf(caller)} has left`)
  },
})
