import { MessageContext } from '../core/context.ts'
import type { Service } from '../core/ports.ts'
import { isTrue } from '../core/transport-state.ts'
import { artifact, type Build } from '../language/declare.ts'
import { attribute, type Config, parameters } from '../language/field.ts'
import { statistics, trace } from '../language/observation.ts'
import type { Span } from '../language/source.ts'
import { boolean, name, oneOf, reference } from '../language/types.ts'
import { exchange } from '../sequences/exchange.ts'
import { internalService, NOBODY } from '../sequences/internal.ts'
import { guarded } from '../sequences/pipeline.ts'
import { Repeating } from '../sequences/repeating.ts'
import type { Target } from './file-claim.ts'
import { type FileLocation, isLocal, type LocalPlace } from './file-location.ts'
import { fileMessage } from './file-message.ts'
import { fileParameters } from './file-parameters.ts'
import { FilePoll, type Inject, type PollRules } from './file-poll.ts'

const LOCATIONS = [
  'transport.vfs.FileURI',
  'transport.vfs.MoveAfterProcess',
  'transport.vfs.MoveAfterFailure',
] as const

const MAX_BYTES = 100 * 1024 * 1024

const fields = {
  name: attribute(name, { doc: 'Name of the inbound endpoint.', required: true }),
  protocol: attribute(oneOf('file'), { doc: 'file.', required: true }),
  sequence: attribute(reference, { doc: 'Sequence for the files; default main.' }),
  onError: attribute(reference, { doc: 'Sequence for faults in it; default fault.' }),
  suspend: attribute(boolean, { doc: 'Whether it does nothing.', default: false }),
  statistics,
  trace,
  parameters: parameters(fileParameters, {
    doc: 'Settings, each a `<parameter name="…">`. A value that is `$SYSTEM:NAME`, `$FILE:NAME` or `${configs.NAME}` is the environment variable NAME; one that is not set counts as not given.',
  }),
} as const

type Given = Config<typeof fields>['parameters']

/** Takes files in from a folder. */
export const fileInboundArtifact = artifact({
  element: 'inboundEndpoint',
  variant: { attribute: 'protocol', values: ['file'] },
  folder: 'inbound-endpoints',
  space: 'inboundEndpoint',
  summary: 'Takes files in from a folder: each runs through a sequence, and is moved or deleted then.',
  fields,
  unsupported: { handlers: 'they are Java classes', class: 'protocol says what it is' },
  notes:
    'A file is taken once its size and date are the same in two looks, at most a second apart; it is renamed first (`.myelin-taken`), so that no other gateway takes it too. Only regular files are taken: no links, and nothing that ends in `.lock`, `.fail` or `.myelin-taken`. The headers `FILE_NAME`, `FILE_PATH`, `FILE_URI`, `FILE_LENGTH`, `LAST_MODIFIED` and `RELATIVE_PATH` tell where it came from. It has failed when a fault reaches no fault sequence of the configuration, or one sets `SET_ROLLBACK_ONLY` to `true`. A file that failed and stays, or could not be moved or deleted, is not taken again. When the process ends in the middle of a file, that keeps its claimed name; `transport.vfs.AutoLockRelease` has it taken again.\n\nCompatibility: the original deletes a file that failed and is not to be moved; here it stays, unless ActionAfterFailure says DELETE. Folders of other servers (ftp, sftp, smb) are an error.',
  example: `<inboundEndpoint name="orders" protocol="file" sequence="takeOrder" onError="fault" suspend="false" xmlns="http://ws.apache.org/ns/synapse">
    <parameters>
        <parameter name="interval">1000</parameter>
        <parameter name="transport.vfs.FileURI">file:///var/orders/in</parameter>
        <parameter name="transport.vfs.FileNamePattern">.*\\.xml</parameter>
        <parameter name="transport.vfs.ActionAfterProcess">MOVE</parameter>
        <parameter name="transport.vfs.MoveAfterProcess">file:///var/orders/done</parameter>
    </parameters>
</inboundEndpoint>`,
  nameOf: config => config.name ?? '',

  check({ parameters: given }, wrong) {
    const from = given['transport.vfs.FileURI']
    for (const parameter of LOCATIONS) {
      const location = given[parameter]
      if (location && !isLocal(location))
        wrong(`Files over ${location.scheme} are not supported, and parameter ${parameter} asks for it.`, {
          code: 'not-supported',
          hint: 'Mount the folder, and name the place it is mounted at as file:///path.',
        })
      else if (location && location !== from && isLocal(from) && location.path === from.path)
        wrong(`Parameter ${parameter} names the folder files are taken from; they would be taken again.`)
    }
  },

  compile(config, build, span) {
    const { name: endpointName, sequence, onError, suspend, parameters: given } = config
    const pipeline = sequence ? build.sequence(sequence) : build.mainSequence(undefined)
    const hook = guarded(pipeline, build.faultSequence(onError))
    const service = internalService('inbound endpoint', endpointName, hook, build)
    const rules = rulesOf(given, build, span)
    if (suspend) return {}
    const { log } = build
    const poll = new FilePoll(rules, injector(service, given['transport.vfs.ContentType']), {
      log,
      label: service.label,
    })
    const { intervalMs, isSequential } = rules
    const what = `inbound endpoint ${endpointName}`
    const isCoordinated = given.coordination
    const polling = new Repeating({
      what,
      next: (count, lastMs) => (count === 0 ? lastMs : lastMs + intervalMs),
      run: async signal => {
        if (!isCoordinated || owned.isHere) await poll.run(signal)
      },
      mayOverlap: !isSequential,
      log,
    })
    const owned = build.cluster.inOneProcess(what, polling)
    return { activities: [isCoordinated ? owned : polling] }
  },
})

/** Runs each file through the message pipeline of a service. */
function injector(service: Service, contentType: string | undefined): Inject {
  return async (file, bytes) => {
    const ctx = new MessageContext(service, NOBODY, fileMessage(file, bytes, contentType))
    ctx.properties.set('ARTIFACT_NAME', `inboundendpoint${service.name}`)
    service.counters.received++
    await exchange(ctx, service.on.message!)
    if (ctx.fault && !ctx.isFaultHandled) return ctx.fault.message
    return isRolledBack(ctx) ? 'SET_ROLLBACK_ONLY was set' : undefined
  }
}

function isRolledBack({ propertiesIfAny, transportIfAny }: MessageContext): boolean {
  const key = 'SET_ROLLBACK_ONLY'
  return isTrue(propertiesIfAny?.get(key)) || isTrue(transportIfAny?.extra.get(key))
}

function rulesOf(given: Given, build: Build, span: Span): PollRules {
  const processed = targetOf(given, 'Process', build, span)
  const failed = targetOf(given, 'Failure', build, span)
  const limit = given['transport.vfs.FileSizeLimit']
  const maxAge = given['transport.vfs.MaximumAge']
  return {
    place: localOf(given['transport.vfs.FileURI'])!,
    pattern: given['transport.vfs.FileNamePattern'],
    targets: [processed, failed].flatMap(target => (typeof target === 'object' ? [target.place.path] : [])),
    heedsLocks: given['transport.vfs.Locking'] === 'enable',
    minAgeMs: Math.max(given['transport.vfs.MinimumAge'] * 1000, given['transport.vfs.waitTimeBeforeRead']),
    maxAgeMs: maxAge === undefined ? Infinity : maxAge * 1000,
    order: given['transport.vfs.FileSortAttribute'],
    isAscending: given['transport.vfs.FileSortAscending'],
    intervalMs: given.interval,
    isSequential: given.sequential,
    maxBytes: limit < 0 ? MAX_BYTES : limit,
    pauseMs: given['transport.vfs.FileProcessInterval'],
    maxPerLook: given['transport.vfs.FileProcessCount'] ?? Infinity,
    releaseMs: given['transport.vfs.AutoLockRelease']
      ? given['transport.vfs.AutoLockReleaseInterval']
      : undefined,
    processed: processed ?? 'delete',
    failed,
  }
}

/** Where files go: to a folder, away, or nowhere. */
function targetOf(
  given: Given,
  outcome: 'Process' | 'Failure',
  build: Build,
  span: Span,
): Target | 'delete' | undefined {
  const action = given[`transport.vfs.ActionAfter${outcome}`]?.trim().toUpperCase()
  const place = localOf(given[`transport.vfs.MoveAfter${outcome}`])
  const warn = (text: string): void => build.warning(span, 'no-effect', text)
  if (action !== 'MOVE') {
    if (place)
      warn(`Parameter transport.vfs.MoveAfter${outcome} has no effect: ActionAfter${outcome} is not MOVE.`)
    if (outcome === 'Failure') return action === 'DELETE' ? 'delete' : undefined
    if (action !== undefined && action !== 'DELETE')
      warn(`ActionAfterProcess is ${action}; files are deleted, as by everything but MOVE.`)
    return 'delete'
  }
  if (!place) {
    const what = outcome === 'Process' ? 'are deleted' : 'stay'
    warn(`ActionAfter${outcome} is MOVE, and no MoveAfter${outcome} says where to; files ${what}.`)
    return undefined
  }
  return {
    place,
    prefix: given['transport.vfs.MoveTimestampFormat'],
    subFolder: given['transport.vfs.SubFolderTimestampFormat'],
    makesFolder: given['transport.vfs.CreateFolder'],
    touches: given['transport.vfs.UpdateLastModified'],
  }
}

function localOf(location: FileLocation | undefined): LocalPlace | undefined {
  return location && isLocal(location) ? location : undefined
}
