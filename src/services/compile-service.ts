import { sessionGroups } from '../cluster/groups-of.ts'
import { Fault } from '../core/fault.ts'
import type { Pipeline, Service } from '../core/ports.ts'
import type { Step } from '../core/step.ts'
import type { Build } from '../language/declare.ts'
import { chain, guard, guarded } from '../sequences/pipeline.ts'
import { REPLY } from '../sequences/reply.ts'
import { type Bind, bindingOf, viewOf } from './binding.ts'
import { bindingStep } from './binding-step.ts'
import { callerOf } from './caller.ts'
import { tellConnectionError } from './connection-error.ts'
import { dispatchStep, keyPath, readValue } from './dispatch.ts'
import { untyped } from './function-mediator.ts'
import { failing } from './hook-faults.ts'
import { type FunctionContext, functionStep, type HookFunction } from './hook-function.ts'
import { derivedHook, HOOKS } from './hook-names.ts'
import type { HookConfig } from './hooks-field.ts'
import type { ServiceConfig } from './service-fields.ts'
import { tellStreamId, withStreamId } from './stream-id.ts'
import { takesChunks } from './streamed-hooks.ts'
import { typedParameters } from './typed-parameters.ts'
import { unmatchedPipeline } from './unmatched.ts'
import type { UpgradePath } from './upgrade-path.ts'

const PONG: Pipeline = {
  run(ctx) {
    ctx.ending = 'answered'
    ctx.session!.pong!(ctx.frameData ?? Buffer.alloc(0))
  },
}

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
    this.#context = { groups: sessionGroups(build), parameters: ctx => typedParameters(untyped(ctx), types) }
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
    if (this.#error) on.error = guarded({ run: chain([tellConnectionError, this.#error.run]) }, this.#fault)
    if (hooks.some(hook => this.#functionOf(hook) !== undefined)) on.open = this.#greeting(on.open)
    const outHook = this.#named('onBackendMessage')
    const faultHook = this.#named('onBackendError')
    const outFault = faultHook ? this.#pipeline(faultHook) : (this.#error ?? this.#fault)
    const out = outHook ? this.#backend(outHook, faultHook && outFault) : guarded(REPLY, outFault)
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
      unmatched: unmatchedPipeline(this.#label, pipelineOf('onUnmatched')),
    })
  }

  /** A hook by itself: its sequence, its steps, or its function. What takes errors of routes answers as these do. */
  #pipeline(hook: HookConfig, takesErrors = hook.name === 'onError'): Pipeline {
    const { dispatcherStreamId } = this.#config
    const isRoute = hook.key !== undefined || this.#isRoute(hook)
    const streamId = isRoute || takesErrors ? dispatcherStreamId : undefined
    const call = this.#functionOf(hook)
    if (call === undefined) {
      const steps = this.#bound(hook, this.#build.branch(hook.branch))
      return streamId === undefined ? steps : { run: chain([tellStreamId(streamId), steps.run]) }
    }
    return {
      run: functionStep(call, {
        ...this.#context,
        bind: this.#bindOf(hook),
        takesChunks: takesChunks(this.#config, hook),
        ...(isRoute && hook.view === undefined && { read: readValue }),
        ...(streamId !== undefined && { complete: withStreamId(streamId) }),
      }),
    }
  }

  #bound(hook: HookConfig, pipeline: Pipeline): Pipeline {
    const bind = this.#bindOf(hook)
    return bind ? { run: chain([bindingStep(bind, hook.view), pipeline.run]) } : pipeline
  }

  #guarded(hook: HookConfig, errorHook?: string): Pipeline {
    const binding = errorHook === undefined ? undefined : this.#named(errorHook)
    const onFault = failing({
      binding: binding && this.#pipeline(binding, true),
      error: this.#error,
      fault: this.#fault,
      bindingCode: Number(this.#config.bindingCode),
    })
    return { run: guard(this.#pipeline(hook).run, onFault) }
  }

  /** What comes of a backend has error hooks of its own, and ends its client as any hook does when it fails. */
  #backend(hook: HookConfig, error: Pipeline | undefined): Pipeline {
    const onFault = failing({
      binding: undefined,
      error: error ?? this.#error,
      fault: this.#fault,
      bindingCode: Number(this.#config.bindingCode),
    })
    return { run: guard(this.#pipeline(hook).run, onFault) }
  }

  #bindOf({ schema, view, span }: HookConfig): Bind | undefined {
    if (schema === undefined || !this.#config.validation) return view && viewOf(view)
    const build = this.#build
    const wrong = (problem: string): undefined => build.error(span, 'bad-schema', `${problem}.`) as undefined
    try {
      if (typeof schema !== 'string') return bindingOf(schema, view)
      const entry = build.entry({ name: schema, span })
      return entry && bindingOf(JSON.parse(entry.text) as Record<string, unknown>, view)
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
