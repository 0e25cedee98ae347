import { sessionGroups } from '../cluster/groups-of.ts'
import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Pipeline, Service } from '../core/ports.ts'
import type { Step } from '../core/step.ts'
import type { Build } from '../language/declare.ts'
import { chain, guard, guarded } from '../sequences/pipeline.ts'
import { REPLY } from '../sequences/reply.ts'
import { type Bind, bindingOf } from './binding.ts'
import { callerOf } from './caller.ts'
import { dispatchStep, keyPath, readValue, valueAt } from './dispatch.ts'
import { untyped } from './function-mediator.ts'
import { failing } from './hook-faults.ts'
import { type FunctionContext, functionStep, type HookFunction } from './hook-function.ts'
import { derivedHook, HOOKS } from './hook-names.ts'
import type { HookConfig } from './hooks-field.ts'
import type { ServiceConfig } from './service-fields.ts'
import { typedValue, type UpgradePath } from './upgrade-path.ts'

const PONG: Pipeline = {
  run(ctx) {
    ctx.ending = 'answered'
    ctx.session!.pong!(ctx.frameData ?? Buffer.alloc(0))
  },
}

/** How often it is said that no hook takes a message, in milliseconds. */
const UNMATCHED_MS = 1_000

/** Turns the hooks of a service into the pipelines of its events. */
export function compileService(config: ServiceConfig, path: UpgradePath, build: Build): Service {
  return new HookCompiler(config, path, build).service()
}

/** Compiles the hooks of one service. */
class HookCompiler {
  readonly #config: ServiceConfig
  readonly #build: Build
  readonly #context: FunctionContext
  readonly #fault: Pipeline
  /** What takes faults; those of its own are left to the fault sequence. */
  readonly #error: Pipeline | undefined
  readonly #label: string

  constructor(config: ServiceConfig, path: UpgradePath, build: Build) {
    this.#config = config
    this.#build = build
    this.#label = `{service:${config.name}} `
    const types = [...path.parameters, ...config.query, ...config.header]
    this.#context = { groups: sessionGroups(build), parameters: ctx => typed(untyped(ctx), types) }
    this.#fault = build.faultSequence(config.faultSequence)
    const error = this.#named('onError')
    this.#error = error && this.#pipeline(error)
  }

  service(): Service {
    const { name, hooks } = this.#config
    const build = this.#build
    const on: Record<string, Pipeline> = { message: { run: this.#dispatch() } }
    for (const hook of hooks) {
      const target = HOOKS.get(hook.name)
      if (target === undefined || /^(?:message|text|binary|out|outFault|error|unmatched)$/.test(target))
        continue
      on[target] = this.#guarded(hook)
    }
    if (on.pong && !on.ping) on.ping = PONG
    if (this.#error) on.error = guarded(this.#error, this.#fault)
    if (hooks.some(hook => this.#functionOf(hook) !== undefined)) on.open = this.#greeting(on.open)
    const outHook = this.#named('onBackendMessage')
    const faultHook = this.#named('onBackendError')
    const outFault = faultHook ? this.#pipeline(faultHook) : (this.#error ?? this.#fault)
    const out = guarded(outHook ? this.#pipeline(outHook) : REPLY, outFault)
    return {
      name,
      kind: 'service',
      label: this.#label,
      deployment: build.deployment,
      log: build.log,
      counters: build.counters(`service ${name}`),
      on,
      isHooked: true,
      outflow: out,
      outDispatch: out,
      outFault,
      outKey: `service ${name}`,
      namesOutDispatch: outHook !== undefined,
    }
  }

  /** The first message of a session tells its headers and parameters, whichever hooks there are. */
  #greeting(open: Pipeline | undefined): Pipeline {
    const meet: Step = ctx => {
      callerOf(ctx, this.#context)
    }
    return { run: open ? chain([meet, open.run]) : meet }
  }

  #dispatch(): Step {
    const { hooks, dispatcherKey } = this.#config
    const pipelineOf = (name: string): Pipeline | undefined => {
      const hook = this.#named(name)
      return hook && this.#guarded(hook)
    }
    const routes = new Map<string, Pipeline>()
    const derived = new Map<string, Pipeline>()
    for (const hook of hooks) {
      if (hook.key !== undefined) routes.set(hook.key, this.#guarded(hook, `${derivedHook(hook.key)}Error`))
      else if (this.#isRoute(hook)) derived.set(hook.name, this.#guarded(hook, `${hook.name}Error`))
    }
    return dispatchStep({
      key: dispatcherKey === undefined ? undefined : keyPath(dispatcherKey),
      routes,
      derived,
      text: pipelineOf('onTextMessage'),
      binary: pipelineOf('onBinaryMessage'),
      any: pipelineOf('onMessage'),
      unmatched: this.#unmatched(pipelineOf('onUnmatched')),
    })
  }

  #unmatched(hook: Pipeline | undefined): Pipeline {
    let saidAt = -Infinity
    let unsaid = 0
    const tell = (ctx: MessageContext): void => {
      const now = performance.now()
      if (now - saidAt < UNMATCHED_MS) {
        unsaid++
        return
      }
      const more = unsaid > 0 ? `, nor ${unsaid} before it` : ''
      ctx.log.warn(
        { session: ctx.session?.id },
        `${this.#label}no hook takes a ${ctx.frame ?? ''} message${more}`,
      )
      saidAt = now
      unsaid = 0
    }
    return {
      run(ctx) {
        ctx.service.counters.unmatched++
        tell(ctx)
        return hook?.run(ctx)
      },
    }
  }

  /** A hook by itself: its sequence, its steps, or its function. */
  #pipeline(hook: HookConfig): Pipeline {
    const call = this.#functionOf(hook)
    if (call === undefined) return this.#bound(hook, this.#build.branch(hook.branch))
    const { dispatcherStreamId } = this.#config
    const isRoute = hook.key !== undefined || this.#isRoute(hook)
    return {
      run: functionStep(call, {
        ...this.#context,
        bind: this.#bindOf(hook),
        ...(isRoute && { read: readValue }),
        ...(isRoute && dispatcherStreamId !== undefined && { complete: withStreamId(dispatcherStreamId) }),
      }),
    }
  }

  /** Mediators take the message as it is, once it is known that it fits. */
  #bound(hook: HookConfig, pipeline: Pipeline): Pipeline {
    const bind = this.#bindOf(hook)
    if (!bind) return pipeline
    const check: Step = ctx => {
      const { content } = ctx.message
      if (content.isArriving) return content.collect().then(() => void bind(content.text()))
      bind(content.text())
    }
    return { run: chain([check, pipeline.run]) }
  }

  #guarded(hook: HookConfig, errorHook?: string): Pipeline {
    const binding = errorHook === undefined ? undefined : this.#named(errorHook)
    const onFault = failing({
      binding: binding && this.#pipeline(binding),
      error: this.#error,
      fault: this.#fault,
      bindingCode: Number(this.#config.bindingCode),
    })
    return { run: guard(this.#pipeline(hook).run, onFault) }
  }

  #bindOf({ schema, span }: HookConfig): Bind | undefined {
    if (schema === undefined || !this.#config.validation) return undefined
    const build = this.#build
    const wrong = (problem: string): undefined => build.error(span, 'bad-schema', `${problem}.`) as undefined
    try {
      if (typeof schema !== 'string') return bindingOf(schema)
      const entry = build.entry({ name: schema, span })
      return entry && bindingOf(JSON.parse(entry.text) as Record<string, unknown>)
    } catch (thrown) {
      return wrong(thrown instanceof Fault ? thrown.message : `the schema ${String(schema)} is no JSON`)
    }
  }

  #named(name: string): HookConfig | undefined {
    return this.#config.hooks.find(hook => hook.name === name)
  }

  #isRoute({ name }: HookConfig): boolean {
    if (this.#config.dispatcherKey === undefined || name === '' || HOOKS.has(name)) return false
    return !(name.endsWith('Error') && this.#hasRoute(name.slice(0, -'Error'.length)))
  }

  #hasRoute(name: string): boolean {
    return this.#config.hooks.some(
      hook => hook.name === name || (hook.key !== undefined && derivedHook(hook.key) === name),
    )
  }

  #functionOf({ branch: { key, steps } }: HookConfig): HookFunction | undefined {
    const [only] = steps
    if (key || steps.length !== 1 || only?.declaration.element !== 'function') return undefined
    return only.config.call as HookFunction | undefined
  }
}

function typed(
  given: Readonly<Record<string, string>>,
  types: readonly { readonly name: string; readonly type: Parameters<typeof typedValue>[0] }[],
): Readonly<Record<string, string | number | boolean>> {
  const values: Record<string, string | number | boolean> = { ...given }
  for (const { name, type } of types) {
    const text = given[name]
    if (text !== undefined) values[name] = typedValue(type, text)
  }
  return values
}

/** What answers a message has its id, unless it says one of its own. */
function withStreamId(name: string): FunctionContext['complete'] {
  const path = keyPath(name)
  const [key] = path
  return (value, ctx) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array)
      return value
    if (path.length > 1 || key === undefined || Object.hasOwn(value, key)) return value
    const id = valueAt(readValue(ctx), path)
    return id === undefined ? value : { ...value, [key]: id }
  }
}
