import type { MessageContext } from '../core/context.ts'
import { type MaybePromise, type Outcome, STOP, type Step } from '../core/step.ts'
import type { Build } from '../language/declare.ts'
import { attribute, type Config, child, children } from '../language/field.ts'
import { type Reference, reference, text } from '../language/types.ts'
import { MediatorContext } from '../sequences/class-context.ts'
import { loadAroundApi, type Mediate, moduleFor } from '../sequences/class-module.ts'
import { REPLY } from '../sequences/reply.ts'
import { whole } from '../sequences/whole.ts'

const fields = {
  handler: children(
    {
      class: attribute(reference, {
        doc: 'Name of the class; `[myelin.classes]` of the settings says which module stands for it.',
        required: true,
      }),
      property: children(
        { name: attribute(text, { doc: 'Name.' }), value: attribute(text, { doc: 'Value.' }) },
        { doc: 'A value the module gets.' },
      ),
    },
    { doc: 'One of them.' },
  ),
} as const

/** `<handlers>` of an API: classes around its sequences. */
export const handlersField = child(fields, {
  doc: 'Classes that run before the sequences of a resource, in the order written.',
})

/** What runs before the in sequence, and before the out sequence. */
export interface Around {
  readonly request: readonly Step[]
  readonly response: readonly Step[]
}

/** What is said of classes of the original. */
interface Known {
  readonly name: RegExp
  /** Refused where leaving it out would let in whom it keeps out. */
  readonly isRefused: boolean
  readonly why: string
  readonly hint?: string
}

const KNOWN: readonly Known[] = [
  { name: /\bCORS\w*Handler$/, isRefused: false, why: 'CORS is built in' },
  {
    name: /(?:Auth|JWT|OAuth|APIKey|Security)\w*Handler$/,
    isRefused: true,
    why: 'checks who calls, and is Java: the API would be open to all',
    hint: 'Name a module for it in [myelin.classes], or let a proxy in front check who calls.',
  },
  {
    name: /Throttl\w*Handler$/,
    isRefused: true,
    why: 'limits how much is called, and is Java',
    hint: 'Use the throttle mediator in the in sequences.',
  },
  {
    name: /Cach\w*Handler$/,
    isRefused: false,
    why: 'it is Java',
    hint: 'Use the cache mediator in the in sequences.',
  },
  {
    name: /(?:Usage|Stats|Latency|Analytics|Tracking|Logg?ing|Logs?|Trac(?:e|ing))\w*Handler$/,
    isRefused: false,
    why: 'it only watches, and is Java',
  },
]

/** Runs sequences by the names the original gives them, where they are there. */
const EXTENSION = /\bAPIManagerExtensionHandler$/

/** Compiles what stands around the sequences of an API; classes that cannot run are reported. */
export function compileHandlers(
  api: string,
  config: Config<typeof fields> | undefined,
  build: Build,
): Around {
  const request: Step[] = []
  const response: Step[] = []
  for (const { class: className, property } of config?.handler ?? []) {
    if (!className) continue
    if (build.settings.classes.has(className.name)) {
      const { handleRequest, handleResponse } = moduleFor(className, loadAroundApi, build) ?? {}
      const properties = Object.freeze(
        Object.fromEntries(property.map(({ name, value }) => [name ?? '', value])),
      )
      if (handleRequest) request.push(stepOf(handleRequest, properties))
      if (handleResponse) response.push(stepOf(handleResponse, properties))
    } else if (EXTENSION.test(className.name)) {
      request.push(...extensions(api, 'In', build))
      response.push(...extensions(api, 'Out', build))
    } else report(api, className, build)
  }
  return { request, response }
}

function extensions(api: string, side: 'In' | 'Out', build: Build): Step[] {
  return [`WSO2AM--Ext--${side}`, `${api}--${side}`].flatMap(name => build.findSequence(name)?.run ?? [])
}

/** A class that says false ends the message; one that has set a status meant it as the answer. */
function stepOf(act: Mediate, properties: Readonly<Record<string, unknown>>): Step {
  const outcome = (ctx: MessageContext, goesOn: boolean | void): MaybePromise<Outcome> => {
    if (goesOn !== false) return undefined
    return ctx.transportIfAny?.status === undefined || ctx.direction === 'response' ? STOP : REPLY.run(ctx)
  }
  return whole(ctx => {
    const result = act(new MediatorContext(ctx), properties)
    return result instanceof Promise ? result.then(goesOn => outcome(ctx, goesOn)) : outcome(ctx, result)
  })
}

function report(api: string, { name, span }: Reference, build: Build): void {
  const known = KNOWN.find(each => each.name.test(name))
  if (known && !known.isRefused) {
    const message = `Handler ${name} of API ${api} has no effect: ${known.why}.`
    build.warning(span, 'no-effect', message, known.hint)
    return
  }
  const message = `Handler ${name} of API ${api} ${known?.why ?? 'is a Java class, and there is nothing to run it'}.`
  const hint =
    'Name a module for it in [myelin.classes], or do what it does in the sequences of the resources.'
  build.error(span, 'not-supported', message, known?.hint ?? hint)
}
