import type { ChannelModel, ChannelParameter } from '../core/channel-model.ts'

/** What of a resource decides which WebSocket clients it takes. */
interface ResourcePlace {
  readonly methods: readonly string[]
  readonly template: { readonly text: string } | undefined
  readonly mapping: string | undefined
}

/** Describes the resources of an API that take WebSocket clients, those without methods: a channel each. */
export function apiChannels(name: string, path: string, resources: readonly ResourcePlace[]): ChannelModel[] {
  const taking = resources.filter(({ methods }) => methods.length === 0)
  return taking.map(({ template, mapping }, i) => {
    const below = template?.text ?? mapping ?? '/*'
    const { address, parameters } = addressOf(path + (below.startsWith('/') ? below : `/${below}`))
    const answer = { name: 'answer', summary: 'What the backend, or the resource itself, sends' }
    const query = queryOf(template?.text)
    return {
      kind: 'API',
      name: taking.length === 1 ? name : `${name}-${i + 1}`,
      address,
      parameters,
      ...(query.length > 0 && { query }),
      operations: [
        {
          name: 'onMessage',
          does: 'receive',
          summary: `Runs through the resource ${below}`,
          messages: [{ name: 'message', summary: 'A message of a client' }],
          answers: [answer],
        },
      ],
    }
  })
}

function addressOf(pattern: string): { readonly address: string; readonly parameters: ChannelParameter[] } {
  const path = pattern.replace(/\?.*$|\{[?&][^}]*\}/g, '')
  const parameters = new Map<string, ChannelParameter>()
  const address = path
    .replace(/\{[+#./;]?([\w.-]+)[^}]*\}/g, (_hole, name: string) => {
      parameters.set(name, { name, type: 'string' })
      return `{${name}}`
    })
    .replace(/\*$/, () => {
      const description = 'The rest of the path, slashes included; it may be empty.'
      parameters.set('path', { name: 'path', type: 'string', description })
      return '{path}'
    })
  return { address, parameters: [...parameters.values()] }
}

/** Names in `?a={a}` and `{?a,b}`. */
function queryOf(template = ''): ChannelParameter[] {
  const plain = /\?([^{}]+=.*)$/.exec(template)?.[1]
  const names = plain?.split('&').map(part => part.split('=', 1)[0]!) ?? []
  const listed = [...template.matchAll(/\{[?&]([^}]*)\}/g)].flatMap(([, list = '']) => list.split(','))
  return [...names, ...listed].map(name => ({ name: name.replace(/[*:].*$/, ''), type: 'string' }))
}
