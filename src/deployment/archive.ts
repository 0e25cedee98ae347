import { type Entry, open, type ZipFile } from 'yauzl'

/** What an archive may hold at most. */
export const ARCHIVE_LIMITS = { entries: 10_000, bytes: 256 * 1024 * 1024 } as const

/**
 * Unpacks an archive in memory: every file by its path.
 * @throws Error when it is damaged, too large once unpacked, or names files outside of itself
 */
export async function unpack(
  path: string,
  limits: { readonly entries: number; readonly bytes: number } = ARCHIVE_LIMITS,
): Promise<Map<string, Buffer>> {
  const zip = await opened(path)
  if (zip.entryCount > limits.entries) {
    zip.close()
    throw new Error(`it holds ${zip.entryCount} files; at most ${limits.entries} are read`)
  }
  const files = new Map<string, Buffer>()
  let bytes = 0
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      zip.close()
      reject(error)
    }
    zip.on('error', fail)
    zip.on('end', () => resolve(files))
    zip.on('entry', (entry: Entry) => {
      if (entry.fileName.endsWith('/')) {
        zip.readEntry()
        return
      }
      content(zip, entry, limits.bytes - bytes).then(data => {
        bytes += data.length
        files.set(entry.fileName, data)
        zip.readEntry()
      }, fail)
    })
    zip.readEntry()
  })
}

function opened(path: string): Promise<ZipFile> {
  return new Promise((resolve, reject) =>
    // Names that lead out of the archive are an error of their own.
    open(path, { lazyEntries: true, strictFileNames: false, autoClose: true }, (error, zip) =>
      error ? reject(error) : resolve(zip),
    ),
  )
}

/** The size an archive claims is not to be trusted: what comes out is counted. */
function content(zip: ZipFile, entry: Entry, most: number): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    zip.openReadStream(entry, (error, stream) => {
      if (error) {
        reject(error)
        return
      }
      const chunks: Buffer[] = []
      let bytes = 0
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > most) stream.destroy(new Error('it is too large once unpacked'))
        else chunks.push(chunk)
      })
      stream.on('error', reject)
      stream.on('end', () => resolve(Buffer.concat(chunks)))
    }),
  )
}
