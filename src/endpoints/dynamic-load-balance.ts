import { endpointKind } from '../language/declare.ts'
import { attribute, child, children } from '../language/field.ts'
import { text } from '../language/types.ts'
import { failingEndpoint } from './failing.ts'

const WHY = 'there is no cluster whose members could be balanced over'

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

/** An endpoint over the members of a cluster, of which there are none here. */
export const dynamicLoadBalanceEndpoint = endpointKind({
  element: 'dynamicLoadbalance',
  summary: 'An endpoint over the members of a cluster; there are none here, and sending to it is a fault.',
  fields: { ...options, membershipHandler: child(member, { doc: 'Who knows the members.' }) },
  notes:
    'Use `<loadbalance>` with the members written out. Compatibility: as in the original without a cluster, sending is fault 303000.',
  example: `<endpoint>
    <dynamicLoadbalance>
        <membershipHandler class="org.apache.synapse.core.axis2.Axis2LoadBalanceMembershipHandler"/>
    </dynamicLoadbalance>
</endpoint>`,
  compile: (_config, build, name, span) => {
    build.warning(span, 'no-transport', `${WHY.charAt(0).toUpperCase()}${WHY.slice(1)}: sending is a fault.`)
    return failingEndpoint(name, WHY, 303000)
  },
})

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
    build.warning(span, 'no-transport', `${WHY.charAt(0).toUpperCase()}${WHY.slice(1)}: sending is a fault.`)
    return failingEndpoint(name, WHY, 303000)
  },
})
