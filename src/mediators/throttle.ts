import { clusterCounters } from '../cluster/cluster-counters.ts'
import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { type MaybePromise, STOP, type Step } from '../core/step.ts'
import { type Build, mediator, type Resource } from '../language/declare.ts'
import { attribute, type Branch, branch, child, type Field } from '../language/field.ts'
import { Expected, name, type Reference, reference } from '../language/types.ts'
import type { Element } from '../language/xml.ts'
import { type Caller, ConcurrentRequests, RequestWindows } from './throttle-counters.ts'
import { readThrottlePolicy, type ThrottlePolicy } from './throttle-policy.ts'
import { SharedWindows } from './throttle-shared.ts'

/** The policy as it is written, read. */
const written: Field<ThrottlePolicy | 'broken' | undefined> = {
  kind: 'literal',
  doc: 'The policy itself, a WS-Policy with a MediatorThrottleAssertion.',
  isRequired: false,
  read(_name, reader) {
    const element: Element | undefined = reader.takeAny()
    if (!element) return undefined
    try {
      return readThrottlePolicy(element.xml)
    } catch (error) {
      if (!(error instanceof Expected)) throw error
      const message = `The policy of <throttle> is none, and reaching it is a fault; expected ${error.message}.`
      reader.warning(element.span, 'bad-policy', message)
      return 'broken'
    }
  },
}

/** Lets no more requests through than a policy allows. */
export const throttleMediator = mediator({
  element: 'throttle',
  summary: 'Lets through no more requests than its policy allows, and goes on or ends them otherwise.',
  fields: {
    id: attribute(name, { doc: 'Throttles with one id count the same requests under way.', required: true }),
    onAccept: attribute(reference, { doc: 'Sequence for what is let through.' }),
    onReject: attribute(reference, { doc: 'Sequence for what is not.' }),
    policy: child(
      {
        key: attribute(reference, { doc: 'Entry that holds the policy.' }),
        written,
      },
      { doc: 'What is allowed; without one everything is.' },
    ),
    accepted: branch({ name: 'onAccept', doc: 'What to run for what is let through.' }),
    rejected: branch({
      name: 'onReject',
      doc: 'What to run for what is not; without it the message ends here.',
    }),
  },
  notes:
    'A policy says how many requests may be under way at the same time (`MaximumConcurrentAccess`), and how many in a time (`Control` with `MaximumCount`, `UnitTime` and `ProhibitTimePeriod` in milliseconds), or `Allow` or `Deny`, for callers by address (`IP`: an address, `10.0.0.*`, `10.0.0.5-10.0.0.9`) or host (`DOMAIN`), and for `other` ones. A request counts as under way until everything made of it has ended. Responses pass.\n\nSeveral gateway processes that work as one count the requests in a time together. Where they cannot, because Redis is out of reach, each lets through as many as the policy says. Requests under way are counted in each process by itself.\n\nThe address is the first one in `X-Forwarded-For` where that header is there, else that of the connection; the host is `X-Forwarded-Host`. Anyone can send these headers: have a proxy in front that sets them, or remove them before the throttle.\n\nCompatibility: all callers that fall under one rule share its count. Hosts are not looked up by address.',
  example: `<throttle id="quotes">
    <policy>
        <wsp:Policy xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy"
                    xmlns:throttle="http://www.wso2.org/products/wso2commons/throttle">
            <throttle:MediatorThrottleAssertion>
                <wsp:Policy>
                    <throttle:ID throttle:type="IP">other</throttle:ID>
                    <wsp:Policy>
                        <throttle:Control>
                            <wsp:Policy>
                                <throttle:MaximumCount>100</throttle:MaximumCount>
                                <throttle:UnitTime>60000</throttle:UnitTime>
                            </wsp:Policy>
                        </throttle:Control>
                    </wsp:Policy>
                </wsp:Policy>
            </throttle:MediatorThrottleAssertion>
        </wsp:Policy>
    </policy>
    <onReject><property name="HTTP_SC" value="429" scope="axis2"/><respond/></onReject>
</throttle>`,
  check({ policy }, wrong) {
    if (policy?.key && policy.written) wrong('<policy> takes a key or a policy, not both.')
  },
  compile({ id, policy, onAccept, onReject, accepted, rejected }, build) {
    const accept = wayOf(onAccept, accepted, build)
    const reject = wayOf(onReject, rejected, build) ?? drop
    const policyOf = policyIn(policy, build)
    const { kind, name: artifactName } = build.artifact
    const underWay = build.resource(`requests at throttle ${id}`, () => new ConcurrentRequests())
    const windows = windowsOf(`throttle ${id} in ${kind} ${artifactName}`, build)
    const lets = (ctx: MessageContext): MaybePromise<boolean> => {
      const known = policyOf?.(ctx)
      if (!known) return true
      const { maxConcurrent, rules } = known
      if (maxConcurrent !== undefined && !underWay.enter(maxConcurrent)) return false
      const isGranted = rules.length === 0 || windows.takes(known, callerOf(ctx))
      if (maxConcurrent === undefined) return isGranted
      if (isGranted instanceof Promise) return enteredLater(ctx, underWay, isGranted)
      return entered(ctx, underWay, isGranted)
    }
    const goOn = (ctx: MessageContext, isLet: boolean): ReturnType<Step> =>
      isLet ? accept?.(ctx) : reject(ctx)
    const goOnLater = async (
      ctx: MessageContext,
      isLet: Promise<boolean>,
    ): Promise<Awaited<ReturnType<Step>>> => goOn(ctx, await isLet)
    return ctx => {
      if (ctx.direction === 'response') return undefined
      const isLet = lets(ctx)
      return isLet instanceof Promise ? goOnLater(ctx, isLet) : goOn(ctx, isLet)
    }
  },
})

interface Windows extends Resource {
  takes(policy: ThrottlePolicy, caller: Caller): MaybePromise<boolean>
}

/** Gives what counts requests: in this process alone, or in all. */
function windowsOf(name: string, build: Build): Windows {
  const { keys } = build.cluster
  return build.resource<Windows>(`windows of ${name}`, () =>
    keys
      ? new SharedWindows({ name, keys, counters: clusterCounters(build), log: build.log })
      : new RequestWindows(),
  )
}

/** Keeps the place of a request that is under way until it has ended, or gives it back. */
function entered(ctx: MessageContext, underWay: ConcurrentRequests, isGranted: boolean): boolean {
  if (isGranted) ctx.atEnd(underWay.release)
  else underWay.release()
  return isGranted
}

async function enteredLater(
  ctx: MessageContext,
  underWay: ConcurrentRequests,
  isGranted: Promise<boolean>,
): Promise<boolean> {
  return entered(ctx, underWay, await isGranted)
}

function wayOf(key: Reference | undefined, inline: Branch | undefined, build: Build): Step | undefined {
  if (key) return build.sequence(key).run
  return inline && build.branch(inline).run
}

const drop: Step = ctx => {
  ctx.ending = 'dropped'
  return STOP
}

type PolicyOf = (ctx: MessageContext) => ThrottlePolicy | undefined

/** @throws Fault 0 per message, where the entry is not there or holds no policy */
function policyIn(
  policy:
    | { readonly key?: Reference | undefined; readonly written?: ThrottlePolicy | 'broken' | undefined }
    | undefined,
  build: Build,
): PolicyOf | undefined {
  if (policy?.written === 'broken') return unusable('the policy of throttle is none')
  if (!policy?.key) {
    const known = policy?.written
    return known && (() => known)
  }
  const { key } = policy
  const root = build.entry(key)?.xml()
  try {
    const known = root && readThrottlePolicy(root)
    if (known) return () => known
  } catch (error) {
    if (!(error instanceof Expected)) throw error
    const message = `Entry ${key.name} is no policy for <throttle>, and reaching it is a fault; expected ${error.message}.`
    build.warning(key.span, 'bad-policy', message)
    return unusable(`the policy ${key.name} of throttle is none`)
  }
  return unusable(`the policy ${key.name} of throttle cannot be found`)
}

/** What cannot be limited as it is meant to be does not pass. */
function unusable(reason: string): PolicyOf {
  return () => {
    throw new Fault(0, reason)
  }
}

function callerOf(ctx: MessageContext): Caller {
  const { headers } = ctx.message
  const forwarded = headers.get('X-Forwarded-For')?.split(',', 1)[0]?.trim()
  const address = forwarded || (ctx.origin.request?.remoteAddress ?? '')
  return {
    address: address.replace(/^::ffff:(?=\d+\.)/i, ''),
    domain: headers.get('X-Forwarded-Host')?.split(',', 1)[0]?.trim() || undefined,
  }
}
