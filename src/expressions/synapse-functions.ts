import { charsetFunctions } from './synapse-charset-functions.ts'
import { conversionFunctions } from './synapse-conversion-functions.ts'
import { numberFunctions } from './synapse-number-functions.ts'
import type { SynapseFunction } from './synapse-signature.ts'
import { stringFunctions } from './synapse-string-functions.ts'
import { timeFunctions } from './synapse-time-functions.ts'

/** The functions that work on the values they are given. */
export const SYNAPSE_FUNCTIONS: Readonly<Record<string, SynapseFunction>> = {
  ...stringFunctions,
  ...numberFunctions,
  ...timeFunctions,
  ...charsetFunctions,
  ...conversionFunctions,
}

/** The functions that look at the message or the deployment, with how many arguments they take. */
export const SPECIAL_FUNCTIONS: Readonly<Record<string, readonly [min: number, max: number]>> = {
  exists: [1, 1],
  xpath: [1, 2],
  registry: [1, 1],
  'wso2-vault': [1, 1],
  'hashicorp-vault': [2, 3],
}

/** Functions behind which a path into their result may stand. */
export const TAKES_PATH: ReadonlySet<string> = new Set(['registry', 'object', 'array'])

/** Whether a function of this name exists. */
export function isSynapseFunction(name: string): boolean {
  return Object.hasOwn(SYNAPSE_FUNCTIONS, name) || Object.hasOwn(SPECIAL_FUNCTIONS, name)
}
