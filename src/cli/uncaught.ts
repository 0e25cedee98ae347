import { dirname, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Logger } from '../core/logger.ts'

/** The folder of the program: what runs from there is the gateway itself, or a library of its own. */
const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const OWN = ['src', 'dist', 'bin', 'node_modules'].map(folder => `${ROOT}${sep}${folder}${sep}`)

/**
 * Says what was thrown, or rejected, and caught by nobody. Where a module of the configuration did that, in a timer or
 * by a promise it did not wait for, the gateway goes on; everything else is a bug of the gateway, and `stop` is called.
 */
export function watchUncaught(log: Logger, stop: () => void): void {
  process.on('uncaughtException', (error: Error & { code?: string }) => {
    const place = placeInModule(error)
    if (place === undefined) {
      log.fatal({ err: error }, `a bug: ${error.message}; the gateway stops`)
      stop()
      return
    }
    log.error({ err: error }, `${place}: nothing caught an error of this module: ${error.message}`)
  })
}

/** Where a module of the configuration had its part in it; undefined where none had. */
function placeInModule({ code, stack = '' }: Error & { code?: string }): string | undefined {
  // Node.js makes it of a value that is no error; the gateway rejects with errors alone.
  if (code === 'ERR_UNHANDLED_REJECTION') return 'a module of the configuration'
  for (const [, url = '', line] of stack.matchAll(/^ {4}at .*?((?:file:\/\/)?\/[^()]*?):(\d+):\d+\)?$/gm)) {
    const path = url.startsWith('file:') ? fileURLToPath(url) : url
    if (!OWN.some(folder => path.startsWith(folder))) return `${path}:${line}`
  }
  return undefined
}
