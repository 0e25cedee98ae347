import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { MaybePromise, Step } from '../core/step.ts'
import { STOP } from '../core/step.ts'
import { setAt } from '../expressions/jsonpath-edit.ts'
import type { Expression } from '../expressions/value.ts'
import { cloneJson } from '../message/codecs/json.ts'
import { payloadOf, wrap } from '../message/codecs/soap.ts'
import { Content } from '../message/content.ts'
import type { XmlElement } from '../message/xml/tree.ts'
import { selectParts } from './parts.ts'

/** How the first kind of foreach runs. */
export interface LoopOptions {
  readonly expression: Expression
  readonly id: string | undefined
  readonly continueLoopOnFailure: boolean
}

/**
 * Compiles the loop that runs its body once per part, on the message itself, with the part as its payload; what the
 * body leaves takes the place of the part.
 */
export function loop({ expression, id, continueLoopOnFailure }: LoopOptions, body: Step): Step {
  const prefix = id === undefined || id === '' ? '' : `${id}_`
  const counter = `${prefix}FOREACH_COUNTER`
  const original = `${prefix}FOREACH_ORIGINAL_MESSAGE`

  /** Runs the body on one part; undefined when the part is to be left out, STOP when the loop is to end. */
  const once = (
    ctx: MessageContext,
    part: Content,
    i: number,
  ): MaybePromise<Content | undefined | typeof STOP> => {
    ctx.message.content = part
    ctx.properties.set(counter, i)
    const failed = (thrown: unknown): undefined => {
      const fault = Fault.from(thrown)
      if (!continueLoopOnFailure) throw fault
      ctx.log.warn(
        { message: ctx.id, code: fault.code },
        `${ctx.service.label}foreach goes on after a failure in part ${i}: ${fault.message}`,
      )
      return undefined
    }
    const done = (outcome: unknown): Content | typeof STOP => (outcome === STOP ? STOP : ctx.message.content)
    try {
      const outcome = body(ctx)
      return outcome instanceof Promise ? outcome.then(done, failed) : done(outcome)
    } catch (thrown) {
      return failed(thrown)
    }
  }

  const each = (
    ctx: MessageContext,
    parts: readonly Content[],
    from: number,
    results: (Content | undefined)[],
  ): MaybePromise<void> => {
    for (let i = from; i < parts.length; i++) {
      const result = once(ctx, parts[i]!, i)
      if (result instanceof Promise)
        return result.then(value => {
          if (value === STOP) return undefined
          results[i] = value
          return each(ctx, parts, i + 1, results)
        })
      if (result === STOP) return
      results[i] = result
    }
  }

  return ctx => {
    const { content } = ctx.message
    const parts = selectParts(expression, ctx)
    const count = parts.kind === 'json' ? parts.items.length : parts.nodes.length
    ctx.properties.set(original, content.isJson ? content.text() : content.envelope().clone())
    if (count === 0) return undefined
    const results: (Content | undefined)[] = Array.from({ length: count })
    const finish = (): undefined => {
      ctx.properties.set(counter, count)
      ctx.message.content = put(expression, ctx, content, results)
    }
    const restore = (thrown: unknown): never => {
      ctx.message.content = content
      throw thrown
    }
    try {
      const done = each(ctx, contentsOf(parts, content), 0, results)
      return done instanceof Promise ? done.then(finish, restore) : finish()
    } catch (thrown) {
      return restore(thrown)
    }
  }
}

function contentsOf(parts: ReturnType<typeof selectParts>, content: Content): Content[] {
  if (parts.kind === 'json') return parts.items.map(item => Content.ofJson(item).share())
  const version = content.envelope().namespaceURI as Parameters<typeof wrap>[1]
  return parts.nodes.map(node => {
    if (node.nodeType !== 1) throw new Fault(0, 'foreach takes elements, and the expression selects others')
    return Content.ofEnvelope(wrap([node.clone()], version), content.mediaType)
  })
}

/** Puts the results in the places of the parts; those without one are left out. */
function put(
  expression: Expression,
  ctx: MessageContext,
  content: Content,
  results: readonly (Content | undefined)[],
): Content {
  if (expression.path) {
    const items = results.filter(result => result !== undefined).map(result => result.json())
    return Content.ofJson(setAt(expression.path, cloneJson(content.json()), items).root)
  }
  const whole = content.share()
  whole.editEnvelope()
  ctx.message.content = whole
  const parts = selectParts(expression, ctx)
  if (parts.kind === 'xml') {
    parts.nodes.forEach((node, i) => {
      if (node.nodeType !== 1) return
      const result = results[i] && payloadOf(results[i].envelope())
      if (result) node.replaceWith(result.clone())
      else (node as XmlElement).remove()
    })
  }
  return whole
}
