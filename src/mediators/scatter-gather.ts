import type { MessageContext } from '../core/context.ts'
import type { Outcome, Step } from '../core/step.ts'
import { type Dynamic, dynamic, expression } from '../expressions/expression.ts'
import type { Expression } from '../expressions/value.ts'
import { mediator } from '../language/declare.ts'
import { attribute, child, children, mediators } from '../language/field.ts'
import { boolean, oneOfAnyCase, text } from '../language/types.ts'
import { jsonToXml, xmlToJson } from '../message/codecs/json-xml.ts'
import { Content } from '../message/content.ts'
import { parseXml } from '../message/xml/parse.ts'
import { type XmlChild, XmlElement, type XmlNode, XmlText } from '../message/xml/tree.ts'
import { Branches, runBranch } from '../sequences/branch.ts'
import { nodesOf } from './parts.ts'

/** Runs several sequences on copies of a message and collects what they give. */
export const scatterGatherMediator = mediator({
  element: 'scatter-gather',
  summary: 'Runs several sequences, each on a copy of the message, and collects a value of each.',
  fields: {
    parallel: attribute(boolean, {
      name: 'parallel-execution',
      doc: 'Whether the sequences run side by side.',
      default: true,
    }),
    target: attribute(oneOfAnyCase('body', 'variable'), {
      doc: 'Where the result goes: the payload, or a variable.',
      required: true,
    }),
    targetVariable: attribute(text, { name: 'target-variable', doc: 'Name of the variable.' }),
    resultType: attribute(oneOfAnyCase('JSON', 'XML'), {
      name: 'result-content-type',
      doc: 'An array, or an element with the values in it.',
      required: true,
    }),
    resultElement: attribute(text, { name: 'result-enclosing-element', doc: 'Name of that element.' }),
    aggregation: child(
      {
        expression: attribute(expression, { doc: 'What to take of each copy.', required: true }),
        condition: attribute(expression, { doc: 'Copies for which it does not hold are left out.' }),
        timeout: attribute(text, { doc: 'Milliseconds to wait for; default for all.' }),
        min: attribute(dynamic, { name: 'min-messages', doc: 'It is complete with so many values.' }),
        max: attribute(dynamic, { name: 'max-messages', doc: 'It takes so many values at most.' }),
      },
      { doc: 'What is collected, and when it is complete.', required: true },
    ),
    sequence: children({ steps: mediators({ doc: 'What to run.' }) }, { doc: 'One way to go.' }),
  },
  notes:
    'The values stand in the order they came in. A copy that fails is left out; its fault sequence has run. Compatibility: when all copies have ended, what there is counts; the original waits for ever without a timeout.',
  example: `<scatter-gather target="body" result-content-type="JSON">
    <aggregation expression="\${payload}"/>
    <sequence>
        <payloadFactory media-type="json"><format>{"from": "a"}</format></payloadFactory>
    </sequence>
    <sequence>
        <payloadFactory media-type="json"><format>{"from": "b"}</format></payloadFactory>
    </sequence>
</scatter-gather>`,
  needsContent: () => true,
  check({ target, targetVariable, resultType, resultElement, aggregation, sequence }, wrong) {
    if (target === 'variable' && !targetVariable)
      wrong('<scatter-gather> with target="variable" needs target-variable.', { code: 'missing' })
    if (resultType === 'XML' && !resultElement)
      wrong('<scatter-gather> with result-content-type="XML" needs result-enclosing-element.', {
        code: 'missing',
      })
    if (sequence.length === 0) wrong('<scatter-gather> needs at least one <sequence>.', { code: 'missing' })
    const timeout = aggregation?.timeout
    if (timeout !== undefined && !/^\s*\d+\s*$/.test(timeout))
      wrong(`timeout is "${timeout}"; expected a number of milliseconds.`, { code: 'bad-value' })
  },
  compile({ parallel, target, targetVariable, resultType, resultElement, aggregation, sequence }, build) {
    const ways = sequence.map(({ steps }) => build.pipeline(steps).run)
    const rules = { ...aggregation!, timeoutMs: Number(aggregation!.timeout ?? 0) }
    return ctx => {
      const gathering = new Gathering(rules, ctx)
      const all = parallel
        ? Promise.all(ways.map(run => gathering.branch(ctx.fork(), run)))
        : ways.reduce<Promise<unknown>>(
            (before, run) => before.then(() => gathering.branch(ctx.fork(), run)),
            Promise.resolve(),
          )
      ctx.spawn(all.then(() => gathering.end()))
      return gathering.done.then(({ values, last }): Outcome => {
        const content =
          resultType === 'JSON'
            ? Content.ofJson(values.map(toJson))
            : Content.ofPayload(enclosed(resultElement!, values))
        if (target === 'variable') {
          ctx.variables.set(
            targetVariable!,
            resultType === 'JSON' ? content.json() : enclosed(resultElement!, values),
          )
          return undefined
        }
        // Compatibility: what goes on is the last copy that gave a value, with the result as its payload.
        const next = last ?? ctx
        next.message.content = content
        next.transport.messageType = content.mediaType
        next.transport.contentType = content.mediaType
        next.message.headers.set('Content-Type', content.mediaType)
        if (next === ctx) return undefined
        next.handlers = ctx.handlers
        return Branches.later(ctx, Promise.resolve([next]), true)
      })
    }
  },
})

interface Rules {
  readonly expression: Expression
  readonly condition?: Expression | undefined
  readonly timeoutMs: number
  readonly min?: Dynamic | undefined
  readonly max?: Dynamic | undefined
}

interface Gathered {
  readonly values: readonly unknown[]
  /** The copy that gave the last value. */
  readonly last: MessageContext | undefined
}

/** What the copies of one message give. */
class Gathering {
  readonly done: Promise<Gathered>
  readonly #rules: Rules
  readonly #values: unknown[] = []
  readonly #enough: number
  readonly #timer: NodeJS.Timeout | undefined
  #last: MessageContext | undefined
  #resolve!: (gathered: Gathered) => void
  #isDone = false

  constructor(rules: Rules, ctx: MessageContext) {
    this.#rules = rules
    this.#enough = Math.min(countOf(rules.min, ctx), countOf(rules.max, ctx))
    this.done = new Promise(resolve => {
      this.#resolve = resolve
    })
    if (rules.timeoutMs > 0) this.#timer = setTimeout(() => this.end(), rules.timeoutMs)
  }

  /** Runs one way and takes its value; never rejects. */
  async branch(fork: MessageContext, run: Step): Promise<void> {
    let taken: { readonly value: unknown } | undefined
    await runBranch(fork, ctx => {
      const outcome = run(ctx)
      const take = (ended: Outcome): Outcome => {
        if (ended === undefined) taken = this.#take(ctx)
        return ended
      }
      return outcome instanceof Promise ? outcome.then(take) : take(outcome)
    })
    if (!taken || this.#isDone) return
    this.#values.push(taken.value)
    this.#last = fork
    if (this.#values.length >= this.#enough) this.end()
  }

  #take(ctx: MessageContext): { readonly value: unknown } | undefined {
    const { condition, expression: wanted } = this.#rules
    if (condition && !condition.boolean(ctx)) return undefined
    return { value: wanted.nodes?.(ctx) ?? wanted.value(ctx) }
  }

  /** What there is counts. */
  end(): void {
    if (this.#isDone) return
    this.#isDone = true
    clearTimeout(this.#timer)
    this.#resolve({ values: this.#values, last: this.#last })
  }
}

function countOf(count: Dynamic | undefined, ctx: MessageContext): number {
  const number = count ? Number.parseInt(count.text(ctx) ?? '', 10) : Number.NaN
  return number > 0 ? number : Number.POSITIVE_INFINITY
}

/** A value as a member of the resulting array: JSON as it is, XML in its JSON form, text that is JSON parsed. */
function toJson(value: unknown): unknown {
  const nodes = nodesOf(value)
  const [only] = nodes
  if (only?.nodeType === 1) return xmlToJson(only)
  if (nodes.length > 0) return nodes.map(node => stringOf(node)).join('')
  if (typeof value !== 'string') return value ?? null
  try {
    return JSON.parse(value)
  } catch {
    const element = parsed(value)
    return element ? xmlToJson(element) : value
  }
}

function parsed(text: string): XmlElement | undefined {
  if (!/^\s*</.test(text)) return undefined
  try {
    return parseXml(text).documentElement ?? undefined
  } catch {
    return undefined
  }
}

function enclosed(name: string, values: readonly unknown[]): XmlElement {
  const whole = new XmlElement(name)
  for (const value of values) whole.append(...toXml(value))
  return whole
}

function toXml(value: unknown): XmlChild[] {
  const nodes = nodesOf(value)
  if (nodes.length > 0)
    return nodes.map(node => (node.nodeType === 1 ? node.clone() : new XmlText(stringOf(node))))
  const element = typeof value === 'string' ? parsed(value) : undefined
  if (element) return [element]
  if (typeof value !== 'object' || value === null) return [new XmlText(String(value ?? ''))]
  const tree = jsonToXml(value)
  return tree.children.map(child => child.clone())
}

function stringOf(node: XmlNode): string {
  return node.nodeType === 3 ? node.data : node.nodeType === 2 ? node.value : ''
}
