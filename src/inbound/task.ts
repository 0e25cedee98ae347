import { MessageContext } from '../core/context.ts'
import type { Entry } from '../core/entry.ts'
import { Fault } from '../core/fault.ts'
import type { Pipeline, Service } from '../core/ports.ts'
import { setToAddress } from '../expressions/to-address.ts'
import { artifact, type Build } from '../language/declare.ts'
import { attribute, body, child, children, literal } from '../language/field.ts'
import { resolvedValue } from '../language/resolved.ts'
import type { Span } from '../language/source.ts'
import { name, type Reference, text } from '../language/types.ts'
import type { Element } from '../language/xml.ts'
import type { Message } from '../message/message.ts'
import { exchange } from '../sequences/exchange.ts'
import { internalService, NOBODY } from '../sequences/internal.ts'
import { guarded } from '../sequences/pipeline.ts'
import { injectedMessage, type MessageFormat } from './task-message.ts'
import { occurrences, planOf, trigger } from './task-trigger.ts'

const INJECTOR = 'org.apache.synapse.startup.tasks.MessageInjector'

/** Puts a message into a sequence or a proxy service by a schedule. */
export const taskArtifact = artifact({
  element: 'task',
  folder: 'tasks',
  space: 'task',
  summary: 'Puts a message into a sequence or a proxy service: once, at intervals, or by a cron expression.',
  fields: {
    name: attribute(name, { doc: 'Name of the task.', required: true }),
    class: attribute(text, { doc: `What it runs; \`${INJECTOR}\` is there.`, default: INJECTOR }),
    group: attribute(text, { doc: 'Accepted; tasks are not grouped.' }),
    pinnedServers: attribute(text, {
      doc: 'The servers it may run on, separated by spaces or commas: what `myelin.node_id` says, or the name of the machine; default all.',
    }),
    description: child({ text: body(text, { doc: 'Text.' }) }, { doc: 'For people.' }),
    trigger,
    property: children(
      {
        name: attribute(name, { doc: 'Name.', required: true }),
        value: attribute(text, { doc: 'Value.' }),
        xml: literal({ doc: 'An element, in place of a value.' }),
      },
      {
        doc: 'What to put in and where: `message` (an element or a text) or `registryKey` (an entry), `to`, `soapAction`, `format` (soap11, soap12, pox, get), `injectTo` (main, sequence, proxy), `sequenceName`, `proxyName`, `sequential`.',
      },
    ),
  },
  ignored: { statistics: 'counters are always kept', trace: 'the level of the log decides what is traced' },
  notes:
    'Tasks start when everything listens, and stop before anything else does. Where several processes run one configuration, each run is made by one of them, and `once` and `count` hold for all together: a process that starts later does not begin anew. A task whose trigger was changed does. With `sequential` the next message waits for the one before; otherwise up to 100 may be under way at once. Nobody gets an answer; what `send` brings back runs through the sequence `main`.',
  example: `<task name="Poll" xmlns="http://ws.apache.org/ns/synapse">
    <trigger interval="30"/>
    <property name="injectTo" value="sequence"/>
    <property name="sequenceName" value="askForPrices"/>
    <property name="message"><ask xmlns=""><symbol>ACME</symbol></ask></property>
</task>`,
  nameOf: config => config.name ?? '',

  check(config, wrong) {
    const { class: className, property } = config
    if (className !== INJECTOR) {
      wrong(`Task ${config.name} is not supported: it runs the Java class ${className}.`, {
        code: 'not-supported',
        hint: `Tasks of the class ${INJECTOR} run; let one call a sequence that does the work.`,
      })
      return
    }
    const given = new Map(property.map(each => [each.name, each]))
    const where = resolvedValue(given.get('injectTo')?.value, () => {}) ?? 'main'
    if (!['main', 'sequence', 'proxy'].includes(where))
      wrong(`property injectTo is "${where}"; expected one of main, sequence, proxy.`, { code: 'bad-value' })
    for (const [kind, property] of [
      ['sequence', 'sequenceName'],
      ['proxy', 'proxyName'],
    ] as const) {
      if (where === kind && !given.get(property)?.value)
        wrong(`<task> that injects to a ${kind} needs property ${property}.`, { code: 'missing' })
    }
  },

  compile({ name: taskName, property, trigger: when, pinnedServers }, build, span) {
    const given = new Map(property.map(each => [each.name, each]))
    const value = (key: string): string | undefined => {
      const written = given.get(key)?.value?.trim() || undefined
      return resolvedValue(written, missing => {
        const message = `property ${key} needs ${missing}, which the environment does not have; it counts as not given.`
        build.warning(span, 'unresolved-value', message, `Set the environment variable ${missing}.`)
      })
    }
    const refer = (target: string | undefined): Reference | undefined =>
      target === undefined ? undefined : { name: target, span }
    const injectTo = value('injectTo') ?? 'main'
    const registryKey = refer(value('registryKey'))
    if (!given.get('message')?.xml && value('message') === undefined && !registryKey) {
      const message = `Task ${taskName} does nothing: it has neither property message nor registryKey.`
      build.warning(span, 'no-effect', message)
      return {}
    }
    const format = formatOf(value('format'), build, span)
    const make = messageMaker({
      element: given.get('message')?.xml,
      text: value('message'),
      entry: registryKey && build.entry(registryKey),
      key: registryKey?.name,
      format,
    })
    const pipeline = injectTo === 'sequence' ? build.sequence(refer(value('sequenceName'))!) : undefined
    const service = internalService('task', taskName, hook(pipeline, build), build)
    const proxyName = injectTo === 'proxy' ? value('proxyName') : undefined
    const sequential = value('sequential')?.toLowerCase() === 'true'
    const fire = async (): Promise<void> => {
      const target = proxyName === undefined ? service : proxyOf(service, proxyName)
      const ctx = new MessageContext(target, NOBODY, make())
      ctx.properties.set('task.name', taskName)
      address(ctx, value('to'), value('soapAction'))
      target.counters.received++
      await exchange(ctx, target.on.message!)
    }
    const servers = resolvedValue(pinnedServers, missing => {
      const message = `pinnedServers is not set: there is no environment variable ${missing}.`
      build.warning(span, 'unresolved-value', message, `Set the environment variable ${missing}.`)
    })?.match(/[^\s,]+/g)
    const activity = build.cluster.repeating(`task ${taskName}`, {
      what: `task ${taskName}`,
      plan: planOf(when),
      next: occurrences(when),
      run: fire,
      mayOverlap: injectTo === 'sequence' && !sequential,
      ...(servers && { servers }),
      log: build.log,
    })
    return { activities: [activity] }
  },
})

/** Compatibility: a format that is none of the four is the default one. */
function formatOf(value: string | undefined, build: Build, span: Span): MessageFormat | undefined {
  const format = FORMATS.find(known => known === value)
  if (value !== undefined && !format)
    build.warning(
      span,
      'no-effect',
      `property format has no effect: "${value}" is none of ${FORMATS.join(', ')}.`,
    )
  return format
}

const FORMATS: readonly MessageFormat[] = ['soap11', 'soap12', 'pox', 'get']

function hook(pipeline: Pipeline | undefined, build: Build): Pipeline {
  return guarded(pipeline ?? build.mainSequence(undefined), build.faultSequence(undefined))
}

function proxyOf({ deployment }: Service, proxyName: string): Service {
  const proxy = deployment.service('proxy service', proxyName)
  if (!proxy?.on.message) throw new Fault(0, `Proxy Service: ${proxyName} not found`)
  return proxy
}

function address(ctx: MessageContext, to: string | undefined, action: string | undefined): void {
  if (to !== undefined) {
    setToAddress(ctx, to)
  }
  if (action !== undefined) {
    ctx.addressing.action = action
    ctx.message.headers.set('SOAPAction', action)
  }
}

interface Injected {
  readonly element: Element | undefined
  readonly text: string | undefined
  readonly entry: Entry | undefined
  readonly key: string | undefined
  readonly format: MessageFormat | undefined
}

/** Each firing gets a message of its own. */
function messageMaker({ element, text: written, entry, key, format }: Injected): () => Message {
  if (element) return () => injectedMessage(element.xml.clone(), format)
  if (written !== undefined) return () => injectedMessage(written, format)
  return () => {
    const found = entry?.xml()
    if (!found) throw new Fault(0, `the message of the task, entry ${key}, is not there or is no XML`)
    return injectedMessage(found.clone(), format)
  }
}
