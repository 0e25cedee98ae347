import { types } from 'node:util'
import type { Wrong } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import type { Element } from '../language/xml.ts'
import { shown } from '../services/hook-checks.ts'
import type { HookConfig } from '../services/hooks-field.ts'
import { refusedOfListener, type ServiceConfig } from '../services/service-fields.ts'
import { mayTakeChunks, takesChunks } from '../services/streamed-hooks.ts'

/** Checks the rules that span the options of a service. Where two places do not go together, both are named. */
export function checkHooks(config: ServiceConfig, wrong: Wrong, element: Element): void {
  for (const [option, reason] of refusedOfListener(config))
    wrong(`${option} of listen is not supported: ${reason}.`, { code: 'not-supported' })
  const check = { config, wrong, placeOf: (option: string) => placeOfOption(element, option) }
  for (const hook of config.hooks) checkStreams(hook, check)
}

interface Check {
  readonly config: ServiceConfig
  readonly wrong: Wrong
  /** Where an option of the service is written. */
  placeOf(option: string): Span
}

/** Hooks that answer with one thing, or nothing. */
const ONE_ANSWER: ReadonlySet<string> = new Set(['onUpgrade', 'onPing', 'onClose'])

/** A message that comes in chunks is looked into by nobody, and behind a stream of answers there is no other answer. */
function checkStreams(hook: HookConfig, { config, wrong, placeOf }: Check): void {
  const { span, schema, view, branch } = hook
  const name = hook.key === undefined ? hook.name : `route ${hook.key}`
  const mixed = (message: string, hint?: string): void =>
    wrong(message, { code: 'mixed-stream', span, ...(hint !== undefined && { hint }) })
  if (takesChunks(config, hook)) {
    if (!mayTakeChunks(hook))
      mixed(`${name} takes no chunks; onMessage, onTextMessage and onBinaryMessage may.`)
    if (schema !== undefined || (view !== undefined && view !== 'text' && view !== 'bytes'))
      mixed(
        `${name} takes chunks, so that no message is there as a whole to be read as ${view ?? 'its schema says'}.`,
      )
    if (config.dispatcherKey !== undefined)
      mixed(
        `${name} takes chunks, so that no message is there as a whole for its key to be found.`,
        `dispatcherKey is at ${shown(placeOf('dispatcherKey'))}.`,
      )
  }
  if (schema !== undefined && (view === 'xml' || view === 'bytes'))
    wrong(`${name} has a schema, which is for JSON and text, and takes ${view}.`, { span })
  const streaming = branch.steps.findIndex(step => types.isGeneratorFunction(step.config.call))
  if (streaming < 0) return
  if (ONE_ANSWER.has(name)) mixed(`${name} sends no stream of messages, which its function gives back.`)
  const next = branch.steps[streaming + 1]
  if (next)
    mixed(
      `${name} has a step behind a function that answers with a stream of messages; it never runs.`,
      `It is at ${shown(next.span)}.`,
    )
}

function placeOfOption({ attributes, span }: Element, option: string): Span {
  return attributes.find(({ name }) => name === option)?.nameSpan ?? span
}
