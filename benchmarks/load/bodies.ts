import { prose } from './frames.ts'

/** Gives a JSON object of exactly so many bytes, whitespace-free, with an id of its own and text to fill it. */
export function jsonOf(id: string, bytes: number): Buffer {
  const empty = JSON.stringify({ id, text: '' }).length
  if (bytes < empty) throw new Error(`${bytes} bytes are too few for JSON with an id; ${empty} at least`)
  return Buffer.from(JSON.stringify({ id, text: prose(bytes - empty).toString('latin1') }))
}
