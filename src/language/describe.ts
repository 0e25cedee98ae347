import type { Artifact, EndpointKind, Mediator } from './declare.ts'
import type { Field, Fields } from './field.ts'

type Declaration = Mediator | EndpointKind | Artifact
type Named = readonly [name: string, field: Field<unknown>]

/** Writes the reference page of a mediator, in Markdown. */
export function describeMediator(mediator: Mediator): string {
  return page(mediator, `\`<${mediator.element}>\` mediator`, [])
}

/** Writes the reference page of a kind of endpoint, in Markdown. */
export function describeEndpointKind(kind: EndpointKind): string {
  return page(kind, `\`<${kind.element}>\` endpoint`, ['It stands inside `<endpoint>`.'])
}

/** Writes the reference page of an artifact, in Markdown. */
export function describeArtifact(artifact: Artifact): string {
  const { element, variant, folder } = artifact
  const chosen = variant ? ` ${variant.attribute}="${variant.values.join('|')}"` : ''
  return page(artifact, `\`<${element}${chosen}>\``, [
    `It is a file of its own, by custom in the folder \`${folder}\`, or stands inside \`<definitions>\`.`,
  ])
}

/** Writes rows below a head as a Markdown table; nothing where there are no rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(' | ')} |`
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

/** Puts text into a code span, whatever back-ticks it has; white space at its ends stays visible. */
export function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`'
  return `${fence}${text}${fence}`
}

/** Writes text for a page: tags become code, and what is said of the original product stands out. */
export function prose(text: string): string {
  const tagged = text.replace(
    /(`[^`]*`)|(<[^<>]+>)/g,
    (_all, span?: string, tag?: string) => span ?? code(tag!),
  )
  return tagged.replace(/(^|\n\n)Compatibility: /g, '$1*Compatibility*: ')
}

/** Writes a default for people: nothing where there is none. */
export function defaultOf(value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return ''
  const text = String(value)
  return code(text === '' || text !== text.trim() ? JSON.stringify(text) : text)
}

function page(declaration: Declaration, title: string, lead: readonly string[]): string {
  const { summary, fields, example, unsupported = {}, ignored = {} } = declaration
  const parts = [
    `# ${title}`,
    prose(summary),
    ...lead,
    ...describeFields(fields, declaration.element),
    example && `## Example\n\n\`\`\`xml\n${example}\n\`\`\``,
    declaration.notes && `## Notes\n\n${prose(declaration.notes)}`,
    section('Known and refused', 'These are errors when a configuration has them.', unsupported),
    section('Known and without effect', 'These are warnings when a configuration has them.', ignored),
  ]
  return `${parts.filter(part => part).join('\n\n')}\n`
}

function section(title: string, lead: string, entries: Readonly<Record<string, string>>): string {
  const rows = Object.entries(entries).map(([name, why]) => [code(name), prose(sentence(why))])
  return rows.length === 0 ? '' : `## ${title}\n\n${lead}\n\n${table(['name', 'why'], rows)}`
}

/** Attributes, elements and parameters of an element, then a section for each element that has some of its own. */
function describeFields(fields: Fields, owner: string): string[] {
  const all: Named[] = Object.entries(fields).map(([key, field]) => [field.name ?? key, field])
  const attributes = all.filter(([, { kind }]) => kind === 'attribute')
  const parameters = all.filter(([, { kind }]) => kind === 'parameters')
  const elements = all.filter(([, { kind }]) => kind !== 'attribute' && kind !== 'parameters')
  return [
    values('attribute', attributes),
    table(
      ['element', 'how often', 'holds', 'meaning'],
      elements.map(named => elementRow(named, owner)),
    ),
    ...parameters.flatMap(([, field]) => [
      `## Parameters\n\n${prose(field.doc)}`,
      values('parameter', Object.entries(field.fields ?? {})),
    ]),
    ...elements
      .filter(([, { fields: inner }]) => inner && !isText(inner))
      .flatMap(([name, { doc, fields: inner }]) => [
        `## \`<${name}>\`\n\n${prose(doc)}`,
        ...describeFields(inner!, name),
      ]),
  ].filter(part => part !== '')
}

function values(what: string, named: readonly Named[]): string {
  const rows = named.map(([name, { type = '', doc, isRequired, default: fallback }]) => [
    code(name),
    type,
    isRequired ? 'required' : defaultOf(fallback),
    prose(doc),
  ])
  return table([what, 'type', 'default', 'meaning'], rows)
}

function elementRow([name, field]: Named, owner: string): string[] {
  const once = field.isRequired ? 'once' : 'at most once'
  const doc = prose(field.doc)
  switch (field.kind) {
    case 'mediators':
      return ['mediators', 'any number', '', doc]
    case 'body':
      return ['the text', once, field.type ?? '', doc]
    case 'literal':
      return ['any one element', once, '', doc]
    case 'endpoint':
      // A named endpoint is the very element that elsewhere stands inline.
      return [owner === 'endpoint' ? 'a kind of endpoint' : code('<endpoint>'), once, '', doc]
    case 'branch': {
      const holds = field.key === undefined ? 'mediators' : `mediators, or attribute ${code(field.key)}`
      return [code(`<${name}>`), once, holds, doc]
    }
    default:
      return [
        code(`<${name}>`),
        field.kind === 'children' ? 'any number' : once,
        isText(field.fields ?? {}) ? 'text' : 'see below',
        doc,
      ]
  }
}

/** Whether an element holds a text and nothing else. */
function isText(fields: Fields): boolean {
  const kinds = Object.values(fields).map(({ kind }) => kind)
  return kinds.length === 1 && kinds[0] === 'body'
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(begun) ? begun : `${begun}.`
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
