// Taxis: riders ask over HTTP, drivers take trips over their WebSocket, riders see over theirs who comes.
//   bin/myelin run examples/applications/taxi.ts
//   bin/myelin ws ws://localhost:8280/taxi/drivers/dan
//   bin/myelin ws ws://localhost:8280/taxi/riders/ana
//   curl http://localhost:8280/taxi/trips --json '{"rider": "ana", "from": "station"}'
// Then dan types {"rider": "ana", "minutes": 4}
import { bound, type Caller, type ResourceRequest, respond, service } from 'myelin'

interface Offer {
  readonly rider: string
  readonly minutes: number
}

const offer = {
  type: 'object',
  required: ['rider', 'minutes'],
  properties: { rider: { type: 'string', minLength: 1 }, minutes: { type: 'number', minimum: 0 } },
}

const drivers = service({
  name: 'drivers',
  basePath: '/taxi/drivers',
  upgradePath: '/[name:string]',
  async onOpen(caller) {
    await caller.groups.join('taxi drivers')
  },
  onTextMessage: bound(offer, async (caller: Caller, { rider, minutes }: Offer) => {
    const arrival = { driver: caller.params.name, minutes }
    const { delivered } = await caller.groups.send(`taxi rider ${rider}`, arrival)
    return delivered > 0 ? undefined : { error: 'the rider has left' }
  }),
  onError: () => ({ error: 'an offer has a rider and minutes' }),
})

async function order(request: ResourceRequest) {
  const read = Promise.resolve(request.text()).then(JSON.parse)
  const { rider, from } = (await read.catch(() => null)) ?? {}
  if (typeof rider !== 'string' || typeof from !== 'string')
    return respond({ status: 400, body: { error: 'a trip has a rider and from' } })
  const { delivered } = await request.groups.send('taxi drivers', { rider, from })
  if (delivered > 0) return respond({ status: 202, body: { drivers: delivered } })
  return respond({ status: 503, body: { error: 'there is no driver' } })
}

const riders = service({
  name: 'riders',
  basePath: '/taxi',
  upgradePath: '/riders/[name:string]',
  async onOpen(caller) {
    await caller.groups.join(`taxi rider ${caller.params.name}`)
  },
  async onClose(caller) {
    await caller.groups.send('taxi drivers', { left: caller.params.name })
  },
  resources: { 'POST /trips': order },
})

export default [drivers, riders]
