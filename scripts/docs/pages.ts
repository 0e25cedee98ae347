import type { Command } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/index.ts'
import { artifacts } from '../../src/deployment/artifacts.ts'
import { endpointKinds } from '../../src/endpoints/index.ts'
import type { Artifact } from '../../src/language/declare.ts'
import {
  code,
  defaultOf,
  describeArtifact,
  describeEndpointKind,
  describeMediator,
  prose,
  table,
} from '../../src/language/describe.ts'
import { mediators } from '../../src/mediators/index.ts'
import { CLASSES, SETTINGS } from '../../src/settings.ts'
import { errorsPage } from './errors.ts'
import { optionsPage } from './options.ts'
import { propertiesPage } from './properties.ts'
import { supportedPage } from './supported.ts'

/** Gives every page of docs/reference by its path in there. */
export function referencePages(): Map<string, string> {
  return new Map([
    ['index.md', indexPage()],
    ['supported.md', supportedPage()],
    ['settings.md', settingsPage()],
    ['properties.md', propertiesPage()],
    ['errors.md', errorsPage()],
    ['options.md', optionsPage()],
    ['cli.md', cliPage()],
    ...mediators.map(each => [`mediators/${each.element}.md`, describeMediator(each)] as const),
    ...endpointKinds.map(each => [`endpoints/${each.element}.md`, describeEndpointKind(each)] as const),
    ...artifacts.map(each => [artifactPage(each), describeArtifact(each)] as const),
  ])
}

/** The page of an artifact; one of several with the same element is named after what chooses it. */
export function artifactPage({ element, variant, holds }: Artifact): string {
  const which = variant?.values[0] ?? holds
  return `artifacts/${element}${which === undefined ? '' : `-${which}`}.md`
}

/** Gives links to the pages of artifacts, mediators and endpoints, each with its summary. */
function indexPage(): string {
  const rows = (
    folder: string,
    all: readonly { readonly element: string; readonly summary: string }[],
  ): string =>
    table(
      ['element', 'what it does'],
      all.map(({ element, summary }) => [
        `[${code(`<${element}>`)}](${folder}/${element}.md)`,
        prose(summary),
      ]),
    )
  const artifactRows = artifacts.map(each => {
    const chosen = each.variant ? ` ${each.variant.attribute}="${each.variant.values.join('|')}"` : ''
    return [`[${code(`<${each.element}${chosen}>`)}](${artifactPage(each)})`, prose(each.summary)]
  })
  return document(
    '# Reference',
    'These pages are made from what the components declare about themselves: `npm run docs` writes them.',
    'Elements may be in the namespace `http://ws.apache.org/ns/synapse`, in `http://synapse.apache.org/ns/2010/04/configuration`, or in none. A file holds one artifact, or several in `<definitions>`. Every element may have a `description`.',
    `## Artifacts\n\n${table(['element', 'what it does'], artifactRows)}`,
    `## Mediators\n\n${rows('mediators', mediators)}`,
    `## Endpoints\n\n${rows('endpoints', endpointKinds)}`,
    `## Everything else

- [What runs and what does not](supported.md)
- [Settings](settings.md) of the process
- [Properties](properties.md) with a meaning
- [Options](options.md) that you bring along, and what becomes of each
- [Errors](errors.md): faults, diagnostics, close codes
- [Command line](cli.md)`,
  )
}

function settingsPage(): string {
  const groups = new Map<string, string[][]>()
  for (const [key, { type, default: fallback, doc }] of Object.entries(SETTINGS)) {
    const section = sectionOf(key)
    const rows = groups.get(section) ?? []
    rows.push([code(key.slice(section.length + 1)), type.name, defaultOf(fallback), prose(doc)])
    groups.set(section, rows)
  }
  return document(
    '# Settings',
    'They are read from `deployment.toml` at the top of a configuration folder. `$env{NAME}` in a value stands for an environment variable, which must be set. A value of the wrong kind is an error, a key that is not listed here a warning.',
    'Times whose keys end in `_ms` are milliseconds, sizes that end in `_bytes` bytes.',
    '```toml\n[server]\noffset = 10\n\n[transport.http]\nlistener.port = 8280\n\n[transport.ws]\nmax_message_bytes = 1048576\n```',
    ...[...groups].map(
      ([section, rows]) =>
        `## ${code(`[${section}]`)}\n\n${table(['key', 'type', 'default', 'meaning'], rows)}`,
    ),
    `## ${code(`[${CLASSES}]`)}\n\nEach key is the name of a Java class, in quotes, and its value the module that stands for it, relative to this file: see [class](mediators/class.md).\n\n\`\`\`toml\n[${CLASSES}]\n"com.acme.Discount" = "./classes/discount.ts"\n\`\`\``,
  )
}

/** The table of deployment.toml a key is written in: `transport.http`, `server`. */
function sectionOf(key: string): string {
  const parts = key.split('.')
  return parts[0] === 'transport' ? parts.slice(0, 2).join('.') : parts[0]!
}

/** A command, and those whose names stand behind its own. */
function withInner(command: Command): Command[] {
  const inner = (command.commands ?? []).flatMap(withInner)
  return [command, ...inner.map(each => ({ ...each, name: `${command.name} ${each.name}` }))]
}

function cliPage(): string {
  return document(
    '# Command line',
    '`bin/myelin COMMAND` in a checkout, `myelin COMMAND` in the container. The exit code is 0 for success, 1 for a failure, 2 for a call that could not be understood. Errors go to standard error.',
    ...commands.flatMap(withInner).map(({ name, summary, operands = [], options = [], example }) =>
      [
        `## ${code(['myelin', name, ...operands.map(([usage]) => usage)].join(' '))}`,
        `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
        table(
          ['operand', 'meaning'],
          operands.map(([usage, meaning]) => [code(usage), prose(meaning)]),
        ),
        table(
          ['option', 'default', 'meaning'],
          options.map(option => [code(option.flags), defaultOf(option.default), prose(option.meaning)]),
        ),
        example && `\`\`\`sh\n${example}\n\`\`\``,
      ]
        .filter(part => part)
        .join('\n\n'),
    ),
  )
}

/** Joins the parts of a page. */
export function document(...parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`
}
