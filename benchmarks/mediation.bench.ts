import { setImmediate as nextTurn } from 'node:timers/promises'
import { MessageContext } from '../src/core/context.ts'
import type { Origin, Service } from '../src/core/ports.ts'
import { Content, reads } from '../src/message/content.ts'
import { Message } from '../src/message/message.ts'
import { exchange } from '../src/sequences/exchange.ts'
import { type ByHand, byHand } from './baselines/mediation-by-hand.ts'
import type { Claim, Row, Sample } from './claim.ts'
import { compare, finding } from './compare.ts'
import { serviceOf, sink } from './mediation-service.ts'

const JSON_1K = Buffer.from(
  JSON.stringify({
    id: 'A-17',
    kind: 'debit',
    amount: 1250,
    customer: { name: 'Ana Sofia', city: 'Coimbra' },
    notes: Array.from({ length: 12 }, (_, i) => ({
      at: i,
      text: 'as agreed on the telephone, in two parts',
    })),
  }),
)

const SOAP_1K = soap(8)
const SOAP_10K = soap(100)

/** A SOAP message with so many items, about 95 bytes each. */
function soap(items: number): Buffer {
  const item = (i: number): string =>
    `<m:item><m:symbol>IBM</m:symbol><m:quantity>${i}</m:quantity><m:price>12.50</m:price></m:item>`
  return Buffer.from(
    `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Header/><soapenv:Body><m:order xmlns:m="urn:orders"><m:id>A-17</m:id>${Array.from(
      { length: items },
      (_, i) => item(i),
    ).join('')}</m:order></soapenv:Body></soapenv:Envelope>`,
  )
}

interface Case {
  readonly what: string
  readonly sequence: string
  readonly body: Buffer
  readonly mediaType: string
  readonly hand: ByHand
}

const CASES: readonly Case[] = [
  {
    what: 'log, property, filter, respond; JSON 1 KiB',
    sequence: `<property name="kind" expression="json-eval($.kind)"/>
      <log level="custom"><property name="id" expression="json-eval($.id)"/><property name="kind" expression="get-property('kind')"/></log>
      <filter source="get-property('kind')" regex="debit|credit"><then><property name="lane" value="money"/></then><else><drop/></else></filter>
      <respond/>`,
    body: JSON_1K,
    mediaType: 'application/json',
    hand: byHand.route,
  },
  ...[SOAP_1K, SOAP_10K].map(body => ({
    what: `XPath; SOAP ${body === SOAP_1K ? 1 : 10} KiB`,
    sequence: `<property name="symbol" expression="//m:order/m:item[last()]/m:symbol" xmlns:m="urn:orders"/><respond/>`,
    body,
    mediaType: 'text/xml',
    hand: byHand.lastSymbol,
  })),
  {
    what: 'payloadFactory; JSON 1 KiB',
    sequence: `<payloadFactory media-type="json"><format>{"order": "$1", "total": $2, "customer": {"name": "$3"}}</format>
      <args><arg evaluator="json" expression="$.id"/><arg evaluator="json" expression="$.amount"/><arg evaluator="json" expression="$.customer.name"/></args></payloadFactory><respond/>`,
    body: JSON_1K,
    mediaType: 'application/json',
    hand: byHand.reshape,
  },
]

/** Compares sequences with the same work written out in TypeScript. In this process, on any core. */
export const mediation: Claim = {
  name: 'mediation',
  title: 'Mediating one message, without its transport',
  baseline: 'the same work written by hand in TypeScript',
  async run({ quick, progress }) {
    const rows: Row[] = []
    for (const { what, sequence, body, mediaType, hand } of CASES) {
      const service = serviceOf(sequence)
      check(await answerOf(service, body, mediaType), hand(body), what)
      const runs = Math.round((quick ? 4_000_000 : 20_000_000) / body.length)
      const ours = (): Promise<Sample> => microseconds(runs, () => mediate(service, body, mediaType))
      const baseline = (): Promise<Sample> => microseconds(runs, () => void hand(body))
      await ours()
      await baseline()
      rows.push(
        await compare({
          what,
          unit: 'µs CPU',
          goal: { of: 'ratio', atMost: 2 },
          rounds: quick ? 3 : 9,
          ours,
          baseline,
          progress,
        }),
      )
    }
    rows.push(await blindness())
    return rows
  },
}

/** A sequence that looks into no message: how many payloads were parsed for a thousand of them. */
async function blindness(): Promise<Row> {
  const service = serviceOf(
    `<property name="a" value="1"/><property name="X-Seen" value="yes" scope="transport"/>
     <log level="custom"><property name="a" expression="get-property('a')"/></log>
     <filter source="$ctx:a" regex="1"><then><respond/></then><else><drop/></else></filter>`,
  )
  const before = reads.count
  for (let i = 0; i < 1000; i++) await mediate(service, JSON_1K, 'application/json')
  const what = 'parsed for 1,000 messages nobody looks into'
  return finding({ what, unit: 'payloads', value: reads.count - before, atMost: 0 })
}

function mediate(
  service: Service,
  body: Buffer,
  mediaType: string,
  origin: Origin = sink,
): void | Promise<void> {
  const ctx = new MessageContext(service, origin, new Message(new Content(body, mediaType)))
  return exchange(ctx, service.on.message!)
}

async function answerOf(service: Service, body: Buffer, mediaType: string): Promise<Buffer> {
  let answer: Buffer = Buffer.alloc(0)
  const keep: Origin = {
    ...sink,
    reply(ctx) {
      answer = ctx.message.content.bytes
    },
  }
  await mediate(service, body, mediaType, keep)
  return answer
}

function check(ours: Buffer, expected: Buffer, what: string): void {
  const isSame = ours.equals(expected) || JSON.stringify(read(ours)) === JSON.stringify(read(expected))
  if (!isSame) throw new Error(`${what}: the answers differ: ${ours.toString()} and ${expected.toString()}`)
}

function read(answer: Buffer): unknown {
  try {
    return JSON.parse(answer.toString())
  } catch {
    return answer.toString()
  }
}

async function microseconds(runs: number, run: () => void | Promise<void>): Promise<Sample> {
  // What the other side left to do, garbage included, is not on this side's bill.
  await nextTurn()
  const before = process.cpuUsage()
  for (let i = 0; i < runs; i++) {
    const outcome = run()
    if (outcome instanceof Promise) await outcome
  }
  const { user, system } = process.cpuUsage(before)
  return { value: (user + system) / runs }
}
