import { createRequire } from 'node:module'
import type { Ajv, Options } from 'ajv'

export type { AnySchemaObject, ErrorObject, Options, ValidateFunction } from 'ajv'

/** A version of JSON Schema that there is an engine for. */
export type Draft = '04' | '06' | '07' | '2019-09' | '2020-12'

const LIBRARIES: Readonly<Record<Draft, string>> = {
  '04': 'ajv-draft-04',
  '06': 'ajv',
  '07': 'ajv',
  '2019-09': 'ajv/dist/2019.js',
  '2020-12': 'ajv/dist/2020.js',
}

/** Tells the draft a schema names; undefined where it names none of ours. Compatibility: draft 03 is read as 04. */
export function draftOf(schema: object): Draft | undefined {
  const name = '$schema' in schema ? String(schema.$schema) : ''
  const found = /draft-0([3467])\b|\b(2019-09|2020-12)\b/.exec(name)
  const draft = found?.[2] ?? (found?.[1] && `0${found[1]}`)
  return draft === '03' ? '04' : (draft as Draft | undefined)
}

const require = createRequire(import.meta.url)

/** Makes an engine for a draft. It is loaded when there is a schema for it: that takes longer than the rest of a start. */
export function engineFor(draft: Draft, options: Options): Ajv {
  const { default: Engine } = require(LIBRARIES[draft]) as { default: new (options: Options) => Ajv }
  const engine = new Engine({ ...options, strict: false, logger: false })
  if (options.validateFormats !== false) {
    const { default: addFormats } = require('ajv-formats') as { default: (engine: Ajv) => void }
    addFormats(engine)
  }
  if (draft === '06') engine.addMetaSchema(require('ajv/dist/refs/json-schema-draft-06.json') as object)
  return engine
}
