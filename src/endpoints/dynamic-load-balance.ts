import { endpointKind } from '../language/declare.ts'
import { attribute, child, children } from '../language/field.ts'
import { boolean, text } from '../language/types.ts'
import { failingEndpoint } from './failing.ts'
import { LoadBalanceEndpoint } from './load-balance.ts'
import { type Member, memberEndpoint } from './member-fields.ts'
import { Members } from './members.ts'
import { Turns } from './turns.ts'

const WHY = 'there is no cluster whose members could be balanced over'
const NOBODY = `${WHY.charAt(0).toUpperCase()}${WHY.slice(1)}: sending is a fault.`

const options = {
  policy: attribute(text, { doc: 'Accepted.' }),
  algorithm: attribute(text, { doc: 'Accepted.' }),
  failover: attribute(text, { doc: 'Accepted.' }),
  configuration: attribute(text, { doc: 'Accepted.' }),
} as const

const member = {
  class: attribute(text, { doc: 'Accepted; it runs Java.' }),
  property: children(
    { name: attribute(text, { doc: 'Accepted.' }), value: attribute(text, { doc: 'Accepted.' }) },
    { doc: 'Accepted.' },
  ),
} as const

/** The property of a membership handler that lists the members. */
const MEMBERS = 'members'

/** An endpoint over the members of a cluster: those that its configuration lists. */
export const dynamicLoadBalanceEndpoint = endpointKind({
  element: 'dynamicLoadbalance',
  summary: 'Takes turns over the members of a cluster, as its configuration lists them.',
  fields: {
    policy: attribute(text, { doc: 'roundRobin.' }),
    algorithm: attribute(text, { doc: 'Accepted; the members take turns.' }),
    failover: attribute(boolean, { doc: 'Whether another is tried when one fails.', default: true }),
    configuration: attribute(text, { doc: 'Accepted.' }),
    membershipHandler: child(member, { doc: 'Who knows the members.' }),
  },
  notes:
    'There is no cluster to ask for its members. Property `members` of the membership handler lists them, `host:port` each, separated by commas; every one takes the message at its own path, as a `<member>` of `<loadbalance>` does.\n\nCompatibility: without that list sending is fault 303000, as in the original without a cluster.',
  example: `<endpoint>
    <dynamicLoadbalance>
        <membershipHandler class="org.apache.synapse.core.axis2.Axis2LoadBalanceMembershipHandler">
            <property name="applicationDomain" value="orders"/>
            <property name="members" value="10.0.0.1:8080, 10.0.0.2:8080"/>
        </membershipHandler>
    </dynamicLoadbalance>
</endpoint>`,
  check({ membershipHandler }, wrong) {
    const listed = listOf(membershipHandler?.property)
    const bad = listed?.find(each => !hostOf(each))
    if (bad !== undefined) wrong(`"${bad}" is no member; expected host:port.`, { code: 'bad-value' })
    else if (listed?.length === 0) wrong('Property members lists none.', { code: 'missing' })
  },
  compile({ membershipHandler, failover }, build, name, span) {
    const listed = listOf(membershipHandler?.property)
    if (!listed) {
      const hint = 'List them in property members of <membershipHandler>, or use <loadbalance>.'
      build.warning(span, 'no-transport', NOBODY, hint)
      return failingEndpoint(name, WHY, 303000)
    }
    const all = listed.map(each => memberEndpoint(hostOf(each)!, build, span))
    const builds = build.settings.httpClient.buildsForFailover
    const label = name || 'the load-balance group'
    const members = new Members({ name: label, all, failsOver: failover, builds })
    return new LoadBalanceEndpoint(name, members, new Turns(all))
  },
})

function listOf(
  properties: readonly { readonly name?: string; readonly value?: string }[] | undefined,
): string[] | undefined {
  return properties
    ?.find(({ name }) => name === MEMBERS)
    ?.value?.split(',')
    .map(each => each.trim())
    .filter(each => each !== '')
}

function hostOf(text: string): Member | undefined {
  const [, hostName, port] = /^([^\s:/]+|\[[0-9a-f:.]+\]):(\d{1,5})$/i.exec(text) ?? []
  const httpPort = Number(port)
  return hostName !== undefined && httpPort > 0 && httpPort < 65_536 ? { hostName, httpPort } : undefined
}

/** An endpoint over the services of a cluster, of which there are none here. */
export const serviceDynamicLoadBalanceEndpoint = endpointKind({
  element: 'serviceDynamicLoadbalance',
  summary: 'An endpoint over the services of a cluster; there are none here, and sending to it is a fault.',
  fields: {
    ...options,
    services: child(
      {
        service: children(
          {
            loadBalancer: children(
              { ...member, group: children(member, { doc: 'Accepted.' }) },
              { doc: 'Accepted.' },
            ),
          },
          { doc: 'Accepted.' },
        ),
      },
      { doc: 'Accepted.' },
    ),
  },
  notes:
    'Use `<loadbalance>` with the members written out. Compatibility: as in the original without a cluster, sending is fault 303000.',
  example: `<endpoint>
    <serviceDynamicLoadbalance configuration="load-balancers.xml"/>
</endpoint>`,
  compile: (_config, build, name, span) => {
    build.warning(span, 'no-transport', NOBODY)
    return failingEndpoint(name, WHY, 303000)
  },
})
