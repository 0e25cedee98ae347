import type { SynapseValue } from './synapse-values.ts'

/** What an expression reads from. */
export type SynapseSource =
  | 'payload'
  | 'vars'
  | 'headers'
  | 'configs'
  | 'props.synapse'
  | 'props.axis2'
  | 'props.session'
  | 'params.queryParams'
  | 'params.pathParams'
  | 'params.functionParams'

/** What an operator is called; `and` and `or` have a second spelling. */
export type SynapseOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '>'
  | '<'
  | '>='
  | '<='
  | '=='
  | '!='
  | 'and'
  | 'or'

/** A parsed expression. `text` is its part of the source, for messages. */
export type SynapseTerm =
  | { readonly kind: 'literal'; readonly text: string; readonly value: SynapseValue }
  | { readonly kind: 'list'; readonly text: string; readonly items: readonly SynapseTerm[] }
  | {
      readonly kind: 'operation'
      readonly text: string
      readonly operator: SynapseOperator
      readonly left: SynapseTerm
      readonly right: SynapseTerm
    }
  | {
      readonly kind: 'choice'
      readonly text: string
      readonly condition: SynapseTerm
      readonly yes: SynapseTerm
      readonly no: SynapseTerm
    }
  | SynapseCall
  | SynapseAccess

/** `name(arguments)`, and what follows it: a path, or the name of a property of a resource. */
export interface SynapseCall {
  readonly kind: 'call'
  readonly text: string
  readonly offset: number
  readonly name: string
  readonly args: readonly SynapseTerm[]
  readonly path: readonly SynapseStep[]
  readonly property: SynapseTerm | undefined
}

/** `vars.name.path` and its like; the payload has no name. */
export interface SynapseAccess {
  readonly kind: 'access'
  readonly text: string
  readonly source: SynapseSource
  readonly name: string
  readonly path: readonly SynapseStep[]
}

/** A step of a path; `deep` after `..`. A function ends the path. */
export type SynapseStep =
  | { readonly kind: 'name'; readonly name: string; readonly deep: boolean }
  | { readonly kind: 'wildcard'; readonly deep: boolean }
  | { readonly kind: 'index'; readonly items: readonly SynapseTerm[] }
  | {
      readonly kind: 'slice'
      readonly from: SynapseTerm | undefined
      readonly to: SynapseTerm | undefined
    }
  | { readonly kind: 'filter'; readonly parts: readonly (string | SynapseTerm)[]; readonly offset: number }
  | { readonly kind: 'function'; readonly name: string }
