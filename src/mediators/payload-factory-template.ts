import type { MessageContext } from '../core/context.ts'

/** What stands in the place of a placeholder, computed per message. */
export type Insert<T> = (ctx: MessageContext) => T

/** How the placeholders of a template are compiled. */
export interface Placeholders<T> {
  /** What the arguments give, `$1` first. */
  readonly args: readonly Insert<T>[]
  /**
   * Compiles `${…}`; `isQuoted` where it stands between quotes of its own. Undefined where the expression is wrong,
   * which it has reported then.
   */
  inline(source: string, isQuoted: boolean, offset: number): Insert<T> | undefined
  /** Says that there is no such argument. Compatibility: the rest of the template stays as it is written. */
  missing(number: number): void
}

const PLACEHOLDER = /"\$\{([^}]+)\}"|\$\{([^}]+)\}|\$([1-9]\d*)/g

/** Splits a template into the texts between the placeholders and what the placeholders give. */
export function splitTemplate<T>(
  text: string,
  { args, inline, missing }: Placeholders<T>,
): (string | Insert<T>)[] {
  const parts: (string | Insert<T>)[] = []
  let from = 0
  for (const match of text.matchAll(PLACEHOLDER)) {
    const [all, quoted, plain, digits] = match
    const source = quoted ?? plain
    let part: Insert<T> | undefined
    if (source !== undefined) part = inline(source, quoted !== undefined, match.index + (quoted ? 1 : 0))
    else {
      part = args[Number(digits) - 1]
      if (!part) {
        missing(Number(digits))
        break
      }
    }
    if (!part) continue
    if (match.index > from) parts.push(text.slice(from, match.index))
    parts.push(part)
    from = match.index + all.length
  }
  if (from < text.length) parts.push(text.slice(from))
  return parts
}

/** Puts the text of a message together. */
export function joinParts(parts: readonly (string | Insert<string>)[], ctx: MessageContext): string {
  let text = ''
  for (const part of parts) text += typeof part === 'string' ? part : part(ctx)
  return text
}
