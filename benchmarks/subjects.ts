import { existsSync } from 'node:fs'
import type { Configuration } from './configuration.ts'
import type { Ports } from './ports.ts'
import { here } from './program.ts'

/** A program to measure. Its command holds {dir}, {relay}, {http} and {backend} for what is known only later. */
export interface Subject {
  readonly name: string
  readonly command: readonly string[]
  /** Path of the requests. */
  readonly servicePath: string
  /** What has to be in its folder. */
  readonly configuration?: Configuration
}

/** Gives the gateway with a configuration, or what a user named in its place. */
export function gateway(command: readonly string[] | undefined, configuration: Configuration): Subject {
  return {
    name: 'myelin',
    command: command ?? [here('../bin/myelin'), 'run', '{dir}'],
    servicePath: '/services/bench',
    configuration,
  }
}

function baseline(name: string, file: string, ...words: readonly string[]): Subject {
  return { name, command: ['node', here(`baselines/${file}`), ...words], servicePath: '/' }
}

/** The relay with nothing but the `ws` library. */
export const barePipe: Subject = baseline(
  'bare ws',
  'bare-pipe.ts',
  '--port',
  '{relay}',
  '--backend',
  '{backend}',
)

/** An echo by nothing but the `ws` library. */
export const bareEcho: Subject = baseline('bare ws', 'bare-echo.ts', '--port', '{relay}')

/** The relay by nginx, which copies bytes; undefined where it is not installed. */
export function nginxPipe(): Subject | undefined {
  const isThere = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/bin/nginx'].some(path => existsSync(path))
  return isThere ? baseline('nginx', 'nginx.ts', '--port', '{relay}', '--backend', '{backend}') : undefined
}

/** Broadcast by writing a frame of the `ws` library to every socket. */
export const broadcastByHand: Subject = baseline(
  'frames by hand',
  'broadcast-by-hand.ts',
  '--port',
  '{relay}',
)

const HTTP = ['--port', '{http}', '--backend', '{backend}']

/** HTTP to WebSocket with nothing but node:http and the `ws` library. */
export const bareHttpToWebSocket: Subject = baseline('bare http + ws', 'bare-http-ws.ts', ...HTTP)

/** The same, with the messages of one turn of the event loop in one write. */
export const corkedHttpToWebSocket: Subject = baseline(
  'corked http + ws',
  'bare-http-ws.ts',
  ...HTTP,
  '--cork',
)

/** Request and reply over WebSocket with nothing but node:http and the `ws` library. */
export const bareRequestReply: Subject = baseline('bare ask', 'bare-request-reply.ts', ...HTTP)

/** The same, with the messages of one turn of the event loop in one write. */
export const corkedRequestReply: Subject = baseline('corked ask', 'bare-request-reply.ts', ...HTTP, '--cork')

/** HTTP to HTTP by Fastify and its own proxy plugin. */
export const fastifyProxy: Subject = baseline('@fastify/http-proxy', 'fastify-proxy.ts', ...HTTP)

/** Fills what is known now into a subject's command. */
export function commandOf(subject: Subject, dir: string, ports: Ports): readonly string[] {
  const values: Readonly<Record<string, string | number>> = { dir, ...ports }
  return subject.command.map(word =>
    word.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all)),
  )
}
