// Reads JSON as what it should be. A function is a schema; so is one of any library with the Standard Schema interface.
//   bin/myelin backend
//   node --conditions=myelin-source examples/client/json.ts
import { connect, PayloadBindingError } from 'myelin'

interface Price {
  readonly ITEM: string
  readonly CENTS: number
}

function price(value: unknown): Price {
  const { ITEM, CENTS } = value as Partial<Price>
  if (typeof ITEM !== 'string' || typeof CENTS !== 'number') throw new TypeError('this is no price')
  return { ITEM, CENTS }
}

const client = await connect(process.argv[2] ?? 'ws://localhost:8082/websocket')
await client.writeMessage({ item: 'tea', cents: 250 })
await client.writeMessage({ item: 'tea', cents: 'many' })
await client.writeMessage('and on')

const { ITEM, CENTS } = await client.readMessage(price)
console.log(`${ITEM}: ${CENTS / 100}`)
try {
  await client.readMessage(price)
} catch (error) {
  if (!(error instanceof PayloadBindingError)) throw error
  console.log(`${error.code}: ${error.data}`)
}
console.log(await client.readMessage())
await client.close()
