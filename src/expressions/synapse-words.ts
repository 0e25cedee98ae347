import type { SynapseOperator, SynapseSource } from './synapse-term.ts'

/** Operators that compare. */
export const COMPARISONS: readonly SynapseOperator[] = ['>', '<', '>=', '<=', '==', '!=']
/** Operators on conditions, with both their spellings. */
export const LOGICAL: Readonly<Record<string, SynapseOperator>> = {
  and: 'and',
  '&&': 'and',
  or: 'or',
  '||': 'or',
}
/** Words that are values. */
export const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
])
/** Functions that may stand at the end of a path. */
export const PATH_FUNCTIONS: ReadonlySet<string> = new Set(
  'length size min max avg sum stddev keys first last'.split(' '),
)
/** Words that mean something inside a path, and so cannot be the name of a member behind a dot. */
export const NO_MEMBERS: ReadonlySet<string> = new Set(
  'in nin size empty subsetof anyof noneof and or true false null'.split(' '),
)
/** Accesses with two words in front. */
export const SCOPES: Readonly<Record<string, Readonly<Record<string, SynapseSource>>>> = {
  props: { synapse: 'props.synapse', axis2: 'props.axis2', session: 'props.session' },
  properties: { synapse: 'props.synapse', axis2: 'props.axis2', session: 'props.session' },
  params: {
    queryParams: 'params.queryParams',
    pathParams: 'params.pathParams',
    functionParams: 'params.functionParams',
  },
}
/** Each way to write the first word of an access; the last two are those of early versions. */
export const SOURCES: Readonly<Record<string, SynapseSource>> = {
  payload: 'payload',
  vars: 'vars',
  headers: 'headers',
  configs: 'configs',
  var: 'vars',
  config: 'configs',
}
/** Every word an access begins with. */
export const ACCESSES: ReadonlySet<string> = new Set([...Object.keys(SOURCES), ...Object.keys(SCOPES)])
/** What to write in place of words that mean nothing. */
export const INSTEAD: Readonly<Record<string, string>> = {
  header: 'headers',
  variables: 'vars',
  prop: 'props',
  ctx: 'props.synapse',
  secret: 'configs',
}
