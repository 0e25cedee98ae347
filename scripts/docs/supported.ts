import { artifacts, unsupportedArtifacts, unsupportedInbounds } from '../../src/deployment/artifacts.ts'
import { endpointKinds, unsupportedEndpoints } from '../../src/endpoints/index.ts'
import { code, prose, table } from '../../src/language/describe.ts'
import { mediators } from '../../src/mediators/index.ts'
import { unsupportedMediators } from '../../src/mediators/unsupported.ts'

/** What is refused inside elements that run, each with a mediator that has it. */
export const REFUSED_INSIDE: readonly (readonly [what: string, mediator: string])[] = [
  [
    'WS-Security of endpoints',
    '<send><endpoint><address uri="http://localhost/"><enableSec/></address></endpoint></send>',
  ],
]

/** Writes the page of what runs, and of what is known and does not. */
export function supportedPage(): string {
  const inbounds = artifacts
    .filter(({ element }) => element === 'inboundEndpoint')
    .flatMap(({ variant }) => variant?.values ?? [])
  const kinds = [...new Set(artifacts.map(({ element }) => element))]
  return `# What runs and what does not

What is listed as not running is an error at deployment, with file, line and column and the reason given here. The artifact it stands in is left out, and all others run.

## Artifacts

Run: ${tags(kinds)}.

${refused(unsupportedArtifacts)}

## Protocols of inbound endpoints

Run: ${inbounds.map(code).join(', ')}. Each \`<inboundEndpoint>\` with a \`class\` is refused, for it runs Java.

${refused(unsupportedInbounds, 'protocol', name => name)}

## Endpoints

Run: ${tags(endpointKinds.map(({ element }) => element))}, with \`http://\`, \`https://\`, \`ws://\` and \`wss://\` addresses.

${refused(unsupportedEndpoints, 'endpoint', name => `<${name.replace('endpoint/', '')}>`)}

## Mediators

Run: ${tags(mediators.map(({ element }) => element))}.

${refused(unsupportedMediators, 'mediator')}

Operations of connectors, such as \`<http.get>\`, are refused too.

## Inside what runs

Refused as well:

${REFUSED_INSIDE.map(([what]) => `- ${what}`).join('\n')}
`
}

function tags(elements: readonly string[]): string {
  return elements.map(element => code(`<${element}>`)).join(', ')
}

function refused(
  names: ReadonlyMap<string, string>,
  what = 'artifact',
  shown: (name: string) => string = name => `<${name}>`,
): string {
  const rows = [...names].map(([name, reason]) => [
    code(shown(name)),
    prose(reason.charAt(0).toUpperCase() + reason.slice(1)),
  ])
  return table([`${what} that does not run`, 'why, and what to do'], rows)
}
