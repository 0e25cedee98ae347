import { SPECIAL_FUNCTIONS, SYNAPSE_FUNCTIONS } from './synapse-functions.ts'
import type { SynapseStep, SynapseTerm } from './synapse-term.ts'

const COMPARISONS = new Set(['>', '<', '>=', '<=', '==', '!=', 'and', 'or'])
const CONDITIONS = new Set(
  'exists startsWith endsWith contains boolean isString isNumber isArray isObject not'.split(' '),
)

/** Gives every part of an expression, itself first. */
export function partsOf(term: SynapseTerm): SynapseTerm[] {
  return [term, ...insideOf(term).flatMap(partsOf)]
}

/** Says where an expression can be compiled and can never have a value. */
export function doubtsOf(term: SynapseTerm): string[] {
  return partsOf(term).flatMap(part => {
    if (part.kind === 'operation' && (part.operator === 'and' || part.operator === 'or')) {
      const wrong = [part.left, part.right].find(isNoCondition)
      if (!wrong) return []
      return [
        `"${part.operator}" takes true or false, and "${wrong.text}" is neither: "${part.text}" has no value. It binds more tightly than a comparison; put comparisons in brackets.`,
      ]
    }
    if (part.kind !== 'call') return []
    const { min, max } = arityOf(part.name)
    const count = part.args.length
    if (count >= min && count <= max) return []
    return [`${part.name}() takes ${min === max ? min : `${min} to ${max}`} arguments, not ${count}.`]
  })
}

function arityOf(name: string): { min: number; max: number } {
  const special = SPECIAL_FUNCTIONS[name]
  return special ? { min: special[0], max: special[1] } : SYNAPSE_FUNCTIONS[name]!
}

function isNoCondition(term: SynapseTerm): boolean {
  switch (term.kind) {
    case 'literal':
      return typeof term.value !== 'boolean'
    case 'list':
      return true
    case 'operation':
      return !COMPARISONS.has(term.operator)
    case 'call':
      return term.path.length === 0 && !term.property && !CONDITIONS.has(term.name)
    default:
      return false
  }
}

function insideOf(term: SynapseTerm): readonly SynapseTerm[] {
  switch (term.kind) {
    case 'literal':
      return []
    case 'list':
      return term.items
    case 'operation':
      return [term.left, term.right]
    case 'choice':
      return [term.condition, term.yes, term.no]
    case 'access':
      return term.path.flatMap(insideOfStep)
    case 'call':
      return [...term.args, ...(term.property ? [term.property] : []), ...term.path.flatMap(insideOfStep)]
  }
}

function insideOfStep(step: SynapseStep): readonly SynapseTerm[] {
  switch (step.kind) {
    case 'index':
      return step.items
    case 'slice':
      return [step.from, step.to].filter(bound => bound !== undefined)
    case 'filter':
      return step.parts.filter(part => typeof part !== 'string')
    default:
      return []
  }
}
