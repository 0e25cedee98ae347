import { extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Content } from '../message/content.ts'
import { Headers } from '../message/headers.ts'
import { Message } from '../message/message.ts'
import type { WaitingFile } from './file-scan.ts'

const BY_EXTENSION: Readonly<Record<string, string>> = {
  '.xml': 'text/xml',
  '.json': 'application/json',
  '.txt': 'text/plain',
  '.csv': 'text/plain',
}

/** Makes a message of a file; its headers say where it came from. */
export function fileMessage(file: WaitingFile, bytes: Buffer, contentType: string | undefined): Message {
  const { path, name, below, size, modifiedMs } = file
  const type = contentType?.trim() || BY_EXTENSION[extname(name).toLowerCase()]
  const headers = new Headers()
  if (type !== undefined) headers.set('Content-Type', type)
  headers.set('FILE_PATH', path)
  headers.set('FILE_NAME', name)
  headers.set('FILE_URI', pathToFileURL(path).href)
  headers.set('FILE_LENGTH', String(size))
  headers.set('LAST_MODIFIED', String(Math.floor(modifiedMs)))
  headers.set('RELATIVE_PATH', join(below, name))
  return new Message(Content.received(bytes, type), headers)
}
