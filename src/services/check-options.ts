import type { Diagnostics } from '../language/diagnostic.ts'
import type { Field, Fields } from '../language/field.ts'
import { checkOption, type OptionEntry, type OptionTable, optionsOf } from '../language/option-registry.ts'
import { optionEntries } from '../language/options/index.ts'
import type { Span } from '../language/source.ts'
import type { Element } from '../language/xml.ts'
import { checkHookNames } from './hook-checks.ts'
import { HOOK_ALIASES, HOOKS, isHookName } from './hook-names.ts'

/** Elements of a service that no field is called after. */
const ALSO: ReadonlySet<string> = new Set(['route', 'parameter'])

/** What the options of a service are checked against. */
export interface KnownOptions {
  readonly fields: Fields
  /** Options that the reader refuses by itself. */
  readonly refused: Readonly<Record<string, string>>
}

/**
 * Reports the options of a `<service>` that there are not, at every level, and its hooks that do not go together, whatever
 * it was written in; gives it without these options, so that nobody reports them again.
 */
export function withKnownOptions(element: Element, known: KnownOptions, diagnostics: Diagnostics): Element {
  checkHookNames(element, diagnostics)
  return new OptionCheck(known, diagnostics).checked(element, known.fields, 'service')
}

class OptionCheck {
  readonly #known: KnownOptions
  readonly #diagnostics: Diagnostics

  constructor(known: KnownOptions, diagnostics: Diagnostics) {
    this.#known = known
    this.#diagnostics = diagnostics
  }

  checked(element: Element, fields: Fields, owner: string): Element {
    const named = new Map(Object.entries(fields).map(([own, field]) => [field.name ?? own, field]))
    const isAttribute = (name: string): boolean => named.get(name)?.kind === 'attribute'
    const isChild = (name: string): boolean => named.has(name) && !isAttribute(name)
    const isTop = owner === 'service'
    const table = tableOf(named.keys(), isTop)
    const passes = (name: string, isThere: boolean, form: string, span: Span): boolean => {
      if (isThere || name === 'description' || name.includes(':') || this.#isLeft(name, isTop)) return true
      if (named.has(name)) this.#report(span, `${owner} option ${name} is no ${form}.`, undefined)
      else this.#unknown(name, owner, table, span)
      return false
    }
    return {
      ...element,
      attributes: element.attributes.filter(({ name, nameSpan }) =>
        passes(name, isAttribute(name), 'attribute', nameSpan),
      ),
      children: element.children
        .filter(({ name, span }) => passes(name, isChild(name) || (isTop && ALSO.has(name)), 'element', span))
        .map(child =>
          this.#inside(child, named.get(child.name), isTop ? child.name : `${owner} ${child.name}`),
        ),
    }
  }

  /** What the reader has a word for, or checks by itself. */
  #isLeft(name: string, isTop: boolean): boolean {
    return isTop && (Object.hasOwn(this.#known.refused, name) || isHookName(name))
  }

  #inside(child: Element, field: Field<unknown> | undefined, owner: string): Element {
    return field?.kind === 'child' && field.fields ? this.checked(child, field.fields, owner) : child
  }

  #unknown(name: string, owner: string, table: OptionTable, span: Span): void {
    const finding = checkOption(name, owner, table)
    const entry = table.get(name)
    if (finding) this.#report(span, finding.message, finding.hint ?? this.#place(name), finding.code)
    else this.#report(span, `${owner} has no option ${name}.`, entry && `It is ${entry.as}.`)
  }

  #place(name: string): string | undefined {
    const { listen } = this.#known.fields
    return listen?.fields && Object.hasOwn(listen.fields, name) ? 'It is an option of listen.' : undefined
  }

  #report(span: Span, message: string, hint: string | undefined, code = 'unknown-option'): void {
    this.#diagnostics.report({ severity: 'error', code, message, span, hint })
  }
}

/** The options there are at one level; those of the service are in the registry too, with what they stand for. */
function tableOf(names: Iterable<string>, isTop: boolean): OptionTable {
  const own = isTop
    ? [...names, ...HOOKS.keys(), ...HOOK_ALIASES.keys(), 'headers', 'resources', 'routes']
    : names
  const table = new Map(isTop ? optionsOf('service', optionEntries) : [])
  for (const option of own) table.set(option, table.get(option) ?? honoured(option))
  return table
}

function honoured(option: string): OptionEntry {
  return { id: '', option, status: 'honoured', as: option, where: 'service' }
}
