/** Gives zlib, which is loaded by the first connection that compresses. */
export function zlib(): typeof import('node:zlib') {
  return process.getBuiltinModule('node:zlib')
}

/** How much comes out at a time: a stream that stays with its connection holds as much memory for it all the while. */
export function chunkSizeFor(isLent: boolean): number {
  return isLent ? 16 * 1024 : 4 * 1024
}
