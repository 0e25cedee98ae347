import { artifact } from '../language/declare.ts'
import { attribute, body, children, literal } from '../language/field.ts'
import { name, text } from '../language/types.ts'

const parameter = children(
  { name: attribute(text, { doc: 'Name.' }), value: body(text, { doc: 'Value.' }) },
  { doc: 'Accepted, without effect.' },
)

/** The registry of a configuration, which is the folders here. */
export const registryArtifact = artifact({
  element: 'registry',
  folder: '.',
  space: 'registry',
  summary: 'Says where resources come from; here they come from the folders of the configuration.',
  fields: { provider: attribute(text, { doc: 'Accepted; no class is loaded.' }), parameter },
  notes: 'How keys become files is in [the guide](../../guide/registry.md).',
  example: `<registry provider="org.wso2.micro.integrator.registry.MicroIntegratorRegistry" xmlns="http://ws.apache.org/ns/synapse">
    <parameter name="cachableDuration">15000</parameter>
</registry>`,
  nameOf: () => 'registry',
  compile(_config, build, span) {
    build.note(
      span,
      'no-effect',
      'Resources are read from the folders of the configuration; the registry named here is not used.',
    )
    return {}
  },
})

/** The scheduler of tasks; there is one. */
export const taskManagerArtifact = artifact({
  element: 'taskManager',
  folder: '.',
  space: 'taskManager',
  summary: 'Chooses a scheduler for tasks; here there is one, and nothing to choose.',
  fields: { provider: attribute(text, { doc: 'Accepted; no class is loaded.' }), parameter },
  example: `<taskManager provider="org.wso2.micro.integrator.mediation.ntask.NTaskTaskManager" xmlns="http://ws.apache.org/ns/synapse"/>`,
  nameOf: () => 'taskManager',
  compile(_config, build, span) {
    build.note(span, 'no-effect', 'There is one scheduler for tasks; the one named here is not used.')
    return {}
  },
})

/** Makes a connector library known; its operations do not run here. */
export const importArtifact = artifact({
  element: 'import',
  folder: 'imports',
  space: 'import',
  summary:
    'Makes the operations of a connector known. They do not run here: using one is an error where it stands.',
  fields: {
    name: attribute(name, { doc: 'Name of the library.', required: true }),
    package: attribute(text, { doc: 'Its package.' }),
    status: attribute(text, { doc: 'Whether it is enabled.' }),
  },
  example: `<import name="gmail" package="org.wso2.carbon.connector" status="enabled" xmlns="http://ws.apache.org/ns/synapse"/>`,
  nameOf: config => config.name ?? '',
  compile({ name: library }, build, span) {
    build.warning(span, 'no-effect', `The connector ${library} is not used here; its operations do not run.`)
    return {}
  },
})

/** Queues with priorities for threads, of which there are none. */
export const priorityExecutorArtifact = artifact({
  element: 'priorityExecutor',
  folder: 'priority-executors',
  space: 'priorityExecutor',
  summary: 'Gives threads to messages by priority; here there are no threads to give.',
  fields: {
    name: attribute(name, { doc: 'Name.', required: true }),
    beforeExecuteHandler: attribute(text, { doc: 'Accepted; no class is loaded.' }),
    rest: literal({ doc: 'Queues and threads; accepted.' }),
  },
  example: `<priorityExecutor name="orders" xmlns="http://ws.apache.org/ns/synapse">
    <queues><queue size="100" priority="10"/><queue size="100" priority="1"/></queues>
    <threads max="100" core="20" keep-alive="5"/>
</priorityExecutor>`,
  nameOf: config => config.name ?? '',
  compile({ name: executor }, build, span) {
    build.warning(
      span,
      'no-effect',
      `Priority executor ${executor} has no effect: there are no threads to give priorities to.`,
    )
    return {}
  },
})
