import type { PropertyValue } from '../core/properties.ts'
import { double } from '../expressions/synapse-values.ts'
import { parseJson } from '../message/codecs/json.ts'
import { parseXml } from '../message/xml/parse.ts'

/** The types a property's value can be turned into. */
export const TYPES = [
  'STRING',
  'INTEGER',
  'BOOLEAN',
  'DOUBLE',
  'FLOAT',
  'LONG',
  'SHORT',
  'OM',
  'JSON',
] as const

/** One of them. */
export type PropertyType = (typeof TYPES)[number]

/**
 * Turns text into a value of a type.
 *
 * Compatibility: whole numbers written with a fraction lose it, a DOUBLE or FLOAT that is whole keeps one (`5.0`), only `true`, `yes` and `1` are true, and text that
 * is no JSON becomes a JSON string.
 * @throws Error with what is wrong
 */
export function convert(text: string, type: PropertyType): PropertyValue {
  switch (type) {
    case 'STRING':
      return text
    case 'BOOLEAN':
      return /^(?:true|yes|1)$/i.test(text.trim())
    case 'INTEGER':
      return whole(text, type, 2 ** 31)
    case 'SHORT':
      return whole(text, type, 2 ** 15)
    case 'LONG':
      return long(text)
    case 'DOUBLE':
    case 'FLOAT':
      return double(number(text, type))
    case 'OM':
      return xml(text)
    case 'JSON':
      return json(text)
  }
}

function number(text: string, type: PropertyType): number {
  const value = Number(text)
  if (text.trim() === '' || Number.isNaN(value)) throw new Error(`"${text}" is no ${type}`)
  return value
}

function whole(text: string, type: PropertyType, limit: number): number {
  const value = Math.trunc(number(text, type))
  if (value >= limit || value < -limit) throw new Error(`"${text}" does not fit into ${type}`)
  return value
}

/** A LONG that a number cannot hold exactly stays a BigInt. */
function long(text: string): number | bigint {
  if (!/^\s*[+-]?\d+\s*$/.test(text)) return Math.trunc(number(text, 'LONG'))
  const value = BigInt(text.trim().replace(/^\+/, ''))
  if (value !== BigInt.asIntN(64, value)) throw new Error(`"${text}" does not fit into LONG`)
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

function xml(text: string): PropertyValue {
  try {
    return parseXml(text).documentElement
  } catch (error) {
    throw new Error(`the value is no XML: ${(error as Error).message}`)
  }
}

function json(text: string): PropertyValue {
  try {
    return parseJson(text)
  } catch {
    return text
  }
}
