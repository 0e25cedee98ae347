import { randomUUID } from 'node:crypto'
import { type Client, connect, connectAll } from '../support/clients.ts'
import { proxy, service } from '../support/configurations.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

/** What became of a message that was pushed, as the sequence saw it. */
export interface PushResult {
  readonly delivered: number
  readonly failed: string
  readonly count: number
  /** Names of processes, separated by commas. */
  readonly unanswered: string
}

const RESULT = `
  <payloadFactory media-type="json">
    <format>{"delivered": $1, "failed": "$2", "count": $3, "unanswered": "$4"}</format>
    <args>
      <arg expression="get-property('websocket.group.delivered')"/>
      <arg expression="get-property('websocket.group.failed')"/>
      <arg expression="get-property('websocket.group.failed.count')"/>
      <arg expression="get-property('websocket.group.unanswered')"/>
    </args>
  </payloadFactory>
  <respond/>`

/** `join X` puts a client into a group, `id` is answered with the id of its session, anything else is broadcast. */
const CHAT = `
  <filter source="boolean(get-property('connection.terminate'))" regex="true"><then><drop/></then></filter>
  <switch source="substring(get-property('websocket.text.frame'), 1, 2)">
    <case regex="id">
      <payloadFactory media-type="text"><format>$1</format>
        <args><arg expression="get-property('websocket.source.channel.identifier')"/></args></payloadFactory>
      <respond/>
    </case>
    <case regex="jo">
      <joinGroup name="{substring-after(get-property('websocket.text.frame'), ' ')}"/><respond/>
    </case>
    <default><respond/></default>
  </switch>`

/** A chat, a room where everything is broadcast, and services that push. */
export const CONFIGURATION =
  service(CHAT, { name: 'chat' }) +
  service('<respond/>', { name: 'room', parameters: { 'ws.client.side.broadcast.level': 1 } }) +
  service('<respond/>', { name: 'others', parameters: { 'ws.client.side.broadcast.level': 2 } }) +
  proxy('push', `<sendToGroup name="{$url:group}"/>${RESULT}`) +
  proxy('pushon', `<sendToGroup name="{$url:group}" wait="false"/>${RESULT}`) +
  proxy('whisper', `<sendToSession id="{$url:id}"/>${RESULT}`) +
  proxy('admit', '<joinGroup name="{$url:group}" session="{$url:id}"/><respond/>') +
  proxy('dismiss', '<leaveGroup name="{$url:group}" session="{$url:id}"/><respond/>')

/** What processes have in common. */
export interface ProcessesOptions {
  readonly xml?: string
  readonly settings?: Readonly<Record<string, string | number>>
  readonly prefix?: string
}

/** Gateways that work as one, all in the process of the test. Going out of scope stops them. */
export class Processes implements AsyncDisposable {
  readonly all: readonly TestGateway[]
  readonly names: readonly string[]
  /** What the names of their keys begin with. */
  readonly prefix: string

  private constructor(all: readonly TestGateway[], names: readonly string[], prefix: string) {
    this.all = all
    this.names = names
    this.prefix = prefix
  }

  /** Starts some, and waits until all know each other. */
  static async start(
    redisUrl: string,
    names: readonly string[],
    { xml = CONFIGURATION, settings = {}, prefix = `test-${randomUUID()}` }: ProcessesOptions = {},
  ): Promise<Processes> {
    const start = (name: string): Promise<TestGateway> =>
      startGateway({
        xml,
        settings: {
          'myelin.redis.url': redisUrl,
          'myelin.redis.prefix': prefix,
          'myelin.node_id': name,
          ...settings,
        },
      })
    const processes = new Processes(await Promise.all(names.map(start)), names, prefix)
    await processes.know(names)
    return processes
  }

  /** Waits until each of them hears from all that are named, and nobody else. */
  async know(names: readonly string[]): Promise<void> {
    const wanted = names.toSorted().join()
    const deadline = performance.now() + 20_000
    for (const { gateway } of this.all)
      for (;;) {
        const counts = await gateway.sessions()
        const known = [...new Set(counts.map(({ node }) => node))].sort().join()
        if (known === wanted) break
        await new Promise(resolve => setImmediate(resolve))
        if (performance.now() > deadline) throw new Error(`${known} know each other, and not ${wanted}`)
      }
  }

  /** Connects clients in equal parts to a service of all. */
  async clients(service: string, each: number, path = '/'): Promise<Client[][]> {
    return await Promise.all(
      this.all.map(gateway => connectAll(new URL(path, gateway.url('ws', service)).href, each)),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map(gateway => gateway[Symbol.asyncDispose]()))
  }
}

/** Connects a client that is in a group. */
export async function member(gateway: TestGateway, group: string): Promise<Client> {
  const client = await connect(gateway.url('ws', 'chat'))
  const answer = await client.ask(`join ${group}`)
  if (answer !== `join ${group}`) throw new Error(`joining was answered with ${answer}`)
  return client
}

/** Has a service push a message. */
export async function push(
  gateway: TestGateway,
  service: 'push' | 'pushon' | 'whisper',
  where: Readonly<Record<string, string>>,
  body: string | Uint8Array<ArrayBuffer>,
): Promise<PushResult> {
  const type = typeof body === 'string' ? 'text/plain' : 'application/octet-stream'
  return (await (await post(gateway, service, where, body, type)).json()) as PushResult
}

/** Posts to a service. */
export async function post(
  gateway: TestGateway,
  service: string,
  query: Readonly<Record<string, string>> = {},
  body: string | Uint8Array<ArrayBuffer> = 'x',
  type = 'text/plain',
): Promise<Response> {
  const url = `${gateway.url('http', service)}?${new URLSearchParams(query)}`
  return await fetch(url, { method: 'POST', headers: { 'Content-Type': type }, body })
}
