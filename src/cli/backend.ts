import { startDemoBackend } from '../websocket/demo-backend.ts'
import { untilSignal } from './until-signal.ts'

/** Options of `myelin backend`. */
export interface BackendOptions {
  readonly port: number
  readonly host: string
}

/** Runs the demo backend until SIGINT or SIGTERM and gives the exit code. */
export async function backend({ port, host }: BackendOptions): Promise<number> {
  const running = await startDemoBackend({ host, port, log: line => console.log(line) }).catch(error => {
    throw explain(error as NodeJS.ErrnoException, host, port)
  })
  const shownHost = host.includes(':') ? `[${host}]` : host
  console.log(`listening on ws://${shownHost}:${running.port}/websocket; text is answered in upper case`)
  await untilSignal()
  await running.close()
  return 0
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new Error(`port ${port} of ${host} is in use; free it, or choose another one with --port`)
    case 'EACCES':
      return new Error(`port ${port} of ${host} is reserved; choose one above 1023 with --port`)
    case 'EADDRNOTAVAIL':
      return new Error(`${host} is no address of this machine; choose another one with --host`)
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new Error(`the host name ${host} is unknown; choose another one with --host`)
    default:
      return error
  }
}
