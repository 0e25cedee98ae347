import type { MessageContext } from '../core/context.ts'
import { Expected, type Setting } from '../language/types.ts'
import { parseXml } from '../message/xml/parse.ts'
import { compileExpression } from './expression.ts'
import type { Expression } from './value.ts'

/** A text with `{expression}` in it. */
export interface FragmentText {
  /** Whether there is none in it. */
  readonly isFixed: boolean
  readonly readsContent: boolean
  /** The text for a message. */
  text(ctx: MessageContext): string
}

const FRAGMENT = /\{([^\s",<>}\]]+)\}/g

/**
 * Compiles text with `{xpath}` and `{json-eval(path)}` in it, as `enrich` takes it inline. A value that is neither
 * XML nor JSON, and does not stand between quotes already, gets them; no value is ''.
 *
 * Compatibility: what stands in braces and is no expression stays as it is.
 */
export function compileFragments(text: string, setting: Setting): FragmentText {
  const parts: (string | { readonly value: Expression; readonly isQuoted: boolean })[] = []
  let from = 0
  for (const found of text.matchAll(FRAGMENT)) {
    const value = compileOne(found[1]!, setting)
    if (!value) continue
    const end = found.index + found[0].length
    parts.push(text.slice(from, found.index), {
      value,
      isQuoted: text[found.index - 1] === '"' && text[end] === '"',
    })
    from = end
  }
  if (parts.length === 0) return { isFixed: true, readsContent: false, text: () => text }
  parts.push(text.slice(from))
  return {
    isFixed: false,
    readsContent: parts.some(part => typeof part !== 'string' && part.value.readsContent),
    text(ctx) {
      let whole = ''
      for (const part of parts) {
        if (typeof part === 'string') whole += part
        else {
          const value = part.value.text(ctx) ?? ''
          whole += part.isQuoted ? escaped(value) : asValue(value)
        }
      }
      return whole
    },
  }
}

function compileOne(source: string, setting: Setting): Expression | undefined {
  try {
    return compileExpression(source, setting)
  } catch (error) {
    if (error instanceof Expected) return undefined
    throw error
  }
}

function asValue(value: string): string {
  return value === '' || isXml(value) || isJson(value) ? value : JSON.stringify(value)
}

function escaped(value: string): string {
  return JSON.stringify(value).slice(1, -1)
}

function isXml(text: string): boolean {
  if (!/^\s*</.test(text)) return false
  try {
    parseXml(text)
    return true
  } catch {
    return false
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
