import { code, prose, table } from '../../src/language/describe.ts'
import type { OptionEntry } from '../../src/language/option-registry.ts'
import { optionEntries } from '../../src/language/options/index.ts'

/** Sections of the page, by the first letters of ids. */
const SECTIONS: readonly (readonly [letters: string, title: string])[] = [
  ['W', 'Synapse and WSO2'],
  ['BO', 'Services with hooks, and clients'],
  ['M', 'Mocks'],
  ['P', 'Collections, and the client of the command line'],
  ['X', 'Several of them together'],
]

/** Writes the page of the options that people bring along, and of what becomes of each. */
export function optionsPage(): string {
  const sections = SECTIONS.map(([letters, title]) => {
    const entries = optionEntries.filter(({ id }) => letters.includes(id[0]!))
    const sorted = entries.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    return `## ${title}\n\n${table(['id', 'option', 'where', 'status', 'as'], sorted.map(rowOf))}`
  })
  return `${[
    '# Options',
    'What becomes of an option that you bring along: it is honoured under its name, it is mapped to something else, or it is refused with an error or a warning that says what to use. `myelin options NAME` prints the same.',
    ...sections,
  ].join('\n\n')}\n`
}

function rowOf({ id, option, where, status, as }: OptionEntry): string[] {
  const isPlain = where === 'behaviour' || where === 'gateway' || option.includes(', ')
  return [id, isPlain ? option : code(option), where, status, as === option ? '' : prose(as)]
}
