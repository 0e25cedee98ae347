import { expect } from 'vitest'
import type { Client } from './clients.ts'
import { type RelayOptions, service } from './configurations.ts'
import { eventually } from './eventually.ts'
import type { TestGateway } from './gateway.ts'
import type { Answering } from './http-backend.ts'

/** The header of JSON. */
export const JSON_TYPE = { 'Content-Type': 'application/json' }

/** What configurations of this pattern begin with: only messages are sent on. */
export const MESSAGES_ONLY = `
  <filter xpath="get-property('source.handshake.present') = 'true' or get-property('connection.terminate') = 'true'">
    <then><drop/></then>
  </filter>`

/** Messages call a backend and its answer is the reply; a fault is replied with its code. */
export function calling(
  url: string,
  { after = '', ...options }: RelayOptions & { after?: string } = {},
): string {
  const { before = '' } = options
  const call = `<call><endpoint><address uri="${url}"/></endpoint></call>`
  return service(`${MESSAGES_ONLY}${before}${call}${after}<respond/>`, {
    fault: `
      <payloadFactory media-type="json"><format>{"failed": "$1"}</format><args><arg expression="get-property('ERROR_CODE')"/></args></payloadFactory>
      <respond/>`,
    ...options,
  })
}

/** A backend whose answers a test lets go, and that counts how many are waited for. */
export class Desk {
  /** The numbers of the requests in the order they came. */
  readonly came: number[] = []
  active = 0
  mostActive = 0
  #waiting: { readonly n: number; letGo(): void }[] = []
  #isOpen = false

  readonly answering: Answering = async ({ body }) => {
    const { n } = JSON.parse(body) as { n: number }
    this.came.push(n)
    this.active++
    this.mostActive = Math.max(this.mostActive, this.active)
    if (!this.#isOpen) await new Promise<void>(letGo => this.#waiting.push({ n, letGo }))
    this.active--
    return { headers: JSON_TYPE, body: JSON.stringify({ answer: n }) }
  }

  /** Waits for requests to have come. */
  async requests(count: number): Promise<void> {
    await eventually(() => expect(this.came.length).toBeGreaterThanOrEqual(count))
  }

  /** Lets all requests of a number go. */
  answer(n: number): void {
    for (const each of this.#waiting) if (each.n === n) each.letGo()
  }

  /** Lets all go, those to come too. */
  open(): void {
    this.#isOpen = true
    for (const { letGo } of this.#waiting) letGo()
  }
}

/** Sends a message with each of some numbers. */
export function ask(client: Client, ...numbers: number[]): void {
  for (const n of numbers) client.send(`{"n":${n}}`)
}

/** What the answers to some numbers are. */
export function answers(...numbers: number[]): string[] {
  return numbers.map(n => `{"answer":${n}}`)
}

/** The numbers from 0 on, so many. */
export function numbersTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n)
}

/** The messages of the only inbound endpoint, by how they ended. */
export function endings({ gateway }: TestGateway): Readonly<Record<string, number>> {
  return gateway.counters.get('inbound endpoint clients')!.ended
}
