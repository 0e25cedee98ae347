import * as fc from 'fast-check'
import { MessageContext } from '../../src/core/context.ts'
import type { Service } from '../../src/core/ports.ts'
import { format } from '../../src/language/diagnostic.ts'
import type { Message } from '../../src/message/message.ts'
import { exchange } from '../../src/sequences/exchange.ts'
import { deployed, RecordingOrigin } from '../support/mediate.ts'

/** How many cases each property is tried with. */
export const CASES = 10_000

/** How many configurations are compiled for them. */
const CONFIGURATIONS = 200

/** A configuration and what a model needs to know to foretell what it does. */
export interface Shape<T> {
  readonly fragment: string
  readonly model: T
}

/**
 * Draws configurations, the simplest first: a failure is narrowed down towards these, and shows the text of the
 * configuration it happened in.
 */
export function shapes<T>(arbitrary: fc.Arbitrary<Shape<T>>): fc.Arbitrary<Shape<T>> {
  const drawn = fc.sample(arbitrary, CONFIGURATIONS).sort((a, b) => a.fragment.length - b.fragment.length)
  return fc.constantFrom(...drawn.map(shape => shown(shape, shape.fragment)))
}

/** Lets a failure show a value as this text. */
export function shown<T extends object>(value: T, text: string): T {
  return Object.assign(value, { [fc.toStringMethod]: () => text })
}

/** What a message went through: its context, and the answers its caller got. */
export interface Flowed {
  readonly ctx: MessageContext
  readonly replies: readonly string[]
}

const services = new Map<string, Service>()

/** Runs a message through mediators as they stand in a sequence; each text is compiled once. */
export async function flow(
  fragment: string,
  message: Message,
  properties: Readonly<Record<string, unknown>> = {},
): Promise<Flowed> {
  const service = services.get(fragment) ?? compile(fragment)
  const origin = new RecordingOrigin()
  const ctx = new MessageContext(service, origin, message)
  for (const [name, value] of Object.entries(properties)) ctx.properties.set(name, value)
  await exchange(ctx, service.on.message!)
  return { ctx, replies: origin.replies }
}

function compile(fragment: string): Service {
  const { diagnostics, services: compiled } = deployed({
    'test.xml': `<sequence name="test">${fragment}</sequence>`,
    'service.xml': '<proxy name="test"><target inSequence="test"/></proxy>',
  })
  if (diagnostics.errors > 0) throw new Error(diagnostics.all().map(format).join('\n\n'))
  const { service } = compiled[0]!
  services.set(fragment, service)
  return service
}

/** Writes a text as it stands between tags or in an attribute of a configuration. */
export function xmlEscaped(text: string): string {
  return text.replace(/[&<>"'\t\n\r]/g, character => `&#${character.charCodeAt(0)};`)
}
