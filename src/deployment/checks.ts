import type { Diagnostics } from '../language/diagnostic.ts'
import { type Element, isSynapse } from '../language/xml.ts'

/** Sequences that the engine itself looks for. */
const ASKED_FOR: ReadonlySet<string> = new Set([
  'main',
  'fault',
  'pre-mediate',
  'outDispatchSeq',
  '_resource_mismatch_handler_',
  '_method_not_allowed_handler_',
])

/** Mediators that end the sequence they stand in. */
const ENDS: ReadonlySet<string> = new Set(['drop', 'respond', 'send', 'loopback'])

/** Notes what is never used and what never runs, over all files of a configuration. */
export function checkTree(roots: readonly Element[], diagnostics: Diagnostics): void {
  const said = new Map<string, number>()
  const sequences: Element[] = []
  let namesAreComputed = false
  const visit = (element: Element, parent: Element | undefined): void => {
    const isDefinition = element.name === 'sequence' && (!parent || parent.name === 'definitions')
    if (isDefinition && isSynapse(element)) sequences.push(element)
    for (const { name, value } of element.attributes) {
      count(said, value)
      if (name === 'key' && value.trim().startsWith('{')) namesAreComputed = true
    }
    for (const word of element.text.split(',')) count(said, word)
    checkUnreachable(element, diagnostics)
    for (const child of element.children) visit(child, element)
  }
  for (const root of roots) visit(root, undefined)
  // A name computed per message may be any of them.
  if (!namesAreComputed) for (const sequence of sequences) checkUnused(sequence, said, diagnostics)
}

function count(said: Map<string, number>, text: string): void {
  const word = text.trim()
  if (word !== '') said.set(word, (said.get(word) ?? 0) + 1)
}

/** A sequence whose name stands nowhere but at its definition. */
function checkUnused(sequence: Element, said: ReadonlyMap<string, number>, diagnostics: Diagnostics): void {
  const name = sequence.attributes.find(attribute => attribute.name === 'name')
  if (!name || ASKED_FOR.has(name.value) || (said.get(name.value.trim()) ?? 0) > 1) return
  diagnostics.note(name.valueSpan, 'unused-sequence', `Nothing refers to sequence ${name.value}.`)
}

function checkUnreachable(element: Element, diagnostics: Diagnostics): void {
  const { children } = element
  if (element.name === 'switch') checkCases(children, diagnostics)
  const end = children.findIndex(child => ENDS.has(child.name) && isSynapse(child))
  const next = end < 0 ? undefined : children[end + 1]
  if (!next || !isSynapse(next) || next.name === 'description') return
  diagnostics.note(
    next.span,
    'unreachable',
    `<${next.name}> never runs: <${children[end]!.name}> before it ends the sequence.`,
  )
}

/** Of two cases with one pattern, the second is never taken. */
function checkCases(children: readonly Element[], diagnostics: Diagnostics): void {
  const seen = new Set<string>()
  for (const child of children) {
    const regex = child.attributes.find(({ name }) => name === 'regex')
    if (child.name !== 'case' || !regex) continue
    if (seen.has(regex.value))
      diagnostics.note(
        regex.valueSpan,
        'unreachable',
        `This <case> never runs: one before it has the pattern ${regex.value} too.`,
      )
    seen.add(regex.value)
  }
}
