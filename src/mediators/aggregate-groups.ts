import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { type MaybePromise, type Outcome, STOP, type Step } from '../core/step.ts'
import type { Dynamic } from '../expressions/expression.ts'
import type { Expression } from '../expressions/value.ts'
import { Branches, runBranch } from '../sequences/branch.ts'
import type { Merge } from './aggregate-merge.ts'
import { partProperties } from './target.ts'

/** How many groups may be open at once, and how many messages may be in one. */
const MAX_GROUPS = 10_000
const MAX_MESSAGES = 10_000

/** How messages are grouped, and what is done with a group. */
export interface GroupOptions {
  readonly id: string | undefined
  readonly correlateOn: Expression | undefined
  /** Milliseconds after the first message; 0 never. */
  readonly timeoutMs: number
  readonly min: Dynamic | undefined
  readonly max: Dynamic | undefined
  readonly merge: Merge
  readonly run: Step
  /** Whether there is nothing to run: what was collected is dropped then. */
  readonly isEmpty: boolean
}

/** Messages that belong together. */
class Group {
  readonly messages: MessageContext[] = []
  timer: NodeJS.Timeout | undefined
  /** Ends the wait of the first message with what goes on behind the aggregate. */
  release: (through: readonly MessageContext[]) => void = () => {}
}

/** The open groups of one aggregate. */
export class Groups {
  readonly #options: GroupOptions
  readonly #open = new Map<string, Group>()
  readonly #position: string
  readonly #group: string

  constructor(options: GroupOptions) {
    this.#options = options
    const names = partProperties(options.id)
    this.#position = names.position
    this.#group = names.group
  }

  /**
   * Names the group of a message; undefined for a message that is to pass.
   * @throws Fault 0 when correlateOn selects nothing
   */
  keyOf(ctx: MessageContext): string | undefined {
    const { correlateOn } = this.#options
    if (!correlateOn) {
      const of = ctx.propertiesIfAny?.get(this.#group)
      return of === undefined ? undefined : String(of)
    }
    const nodes = correlateOn.nodes?.(ctx)
    const isFound = nodes ? nodes.length > 0 : correlateOn.path?.find(ctx.message.content.json()).found
    if (isFound === false) throw new Fault(0, `correlateOn ${correlateOn.source} selects nothing`)
    return isFound || correlateOn.boolean(ctx) ? correlateOn.source : undefined
  }

  /**
   * Takes a message in. The one that completes its group goes on behind the aggregate, the others end here.
   * @throws Fault 0 when too many groups are open, or a group has too many messages
   */
  add(key: string, ctx: MessageContext): MaybePromise<Outcome> {
    const known = this.#open.get(key)
    const group = known ?? this.#openGroup(key, ctx)
    const max = numberOf(this.#options.max, ctx)
    if (max > 0 && group.messages.length >= max) return STOP
    if (group.messages.length >= MAX_MESSAGES)
      throw new Fault(0, `aggregate: more than ${MAX_MESSAGES} messages in one group`)
    group.messages.push(ctx)
    if (this.#isComplete(group, ctx)) {
      this.#close(key, group)
      group.release([])
      return this.#complete(group, ctx).then(isThrough => (isThrough ? undefined : STOP))
    }
    if (known || this.#options.timeoutMs === 0) return STOP
    return this.#waitForTimeout(key, group, ctx)
  }

  #openGroup(key: string, ctx: MessageContext): Group {
    if (this.#open.size >= MAX_GROUPS)
      throw new Fault(0, `aggregate: more than ${MAX_GROUPS} groups wait for messages`)
    const group = new Group()
    this.#open.set(key, group)
    if (!this.#options.correlateOn) ctx.atEnd(() => this.#giveUp(key, group, ctx))
    return group
  }

  /** All parts have ended, and there will be no more: what is still open would stay so for ever. */
  #giveUp(key: string, group: Group, ctx: MessageContext): void {
    if (this.#open.get(key) !== group) return
    this.#close(key, group)
    ctx.log.warn(
      { message: ctx.id, messages: group.messages.length },
      `${ctx.service.label}aggregate: the parts of a message ended before they were all there; ${group.messages.length} were given up`,
    )
  }

  #isComplete({ messages }: Group, ctx: MessageContext): boolean {
    const position = messages[0]?.propertiesIfAny?.get(this.#position)
    const total = this.#options.correlateOn ? 0 : Number(String(position ?? '').split('/')[1] ?? 0)
    const [min, max] = [numberOf(this.#options.min, ctx), numberOf(this.#options.max, ctx)]
    return [total, min, max].some(wanted => wanted > 0 && messages.length >= wanted)
  }

  /** The first message of a group stays open until the time is up, so that what follows has somewhere to go on. */
  #waitForTimeout(key: string, group: Group, ctx: MessageContext): Outcome {
    const through = new Promise<readonly MessageContext[]>(resolve => {
      group.release = resolve
      group.timer = setTimeout(() => {
        this.#close(key, group)
        const last = group.messages.at(-1)!
        ctx.log.warn({ message: ctx.id }, `${ctx.service.label}Aggregate mediator timeout occurred.`)
        resolve(this.#complete(group, last).then(isThrough => (isThrough ? [last] : [])))
      }, this.#options.timeoutMs)
    })
    return Branches.later(ctx, through, !this.#options.correlateOn)
  }

  #close(key: string, group: Group): void {
    clearTimeout(group.timer)
    this.#open.delete(key)
  }

  /** Puts the messages together and runs onComplete. @returns whether the last message goes on, with the result */
  async #complete(group: Group, last: MessageContext): Promise<boolean> {
    const { merge, run, isEmpty } = this.#options
    const base = group.messages[0]!.fork()
    base.handlers = last.handlers
    base.receiver = undefined
    const through = await runBranch(base, ctx => {
      merge(ctx, group.messages)
      return isEmpty ? STOP : run(ctx)
    })
    if (through.length === 0) return false
    last.message.content = base.message.content.share()
    last.isResumed = true
    return true
  }
}

function numberOf(count: Dynamic | undefined, ctx: MessageContext): number {
  if (!count) return -1
  const number = Number.parseInt(count.text(ctx) ?? '', 10)
  return Number.isNaN(number) ? -1 : number
}
