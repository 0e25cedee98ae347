import { isSendable } from '../websocket/close-codes.ts'

/** What a typed line asks for. */
export type Word =
  | { readonly do: 'text'; readonly text: string }
  | { readonly do: 'ping'; readonly text: string }
  | { readonly do: 'close'; readonly code: number; readonly reason: string }
  | { readonly do: 'send'; readonly name: string }
  | { readonly do: 'save'; readonly number: number; readonly file: string }
  | { readonly do: 'wrong'; readonly what: string }

const KNOWN = '/send NAME, /ping TEXT, /close CODE REASON and /save N FILE'

/**
 * Reads a typed line: a word, or text to send. A text that begins with a slash is typed with two. The words `bye` and
 * `ping` of the original's client are text to many a server: they count where they are asked for.
 */
export function wordOf(line: string, hasBareWords: boolean): Word {
  if (hasBareWords && line === 'bye') return { do: 'close', code: 1000, reason: '' }
  if (hasBareWords && line === 'ping') return { do: 'ping', text: '' }
  if (!line.startsWith('/')) return { do: 'text', text: line }
  if (line.startsWith('//')) return { do: 'text', text: line.slice(1) }
  const [, word = '', rest = ''] = /^\/(\S*)\s*(.*)$/s.exec(line) ?? []
  switch (word) {
    case 'send':
      return rest === '' ? wrong('/send takes the name of a message') : { do: 'send', name: rest.trim() }
    case 'ping':
      return Buffer.byteLength(rest) > 125
        ? wrong('a ping has no more than 125 bytes')
        : { do: 'ping', text: rest }
    case 'close':
      return close(rest)
    case 'save': {
      const [, number, file] = /^(-?\d+)\s+(.+)$/.exec(rest) ?? []
      if (number === undefined || file === undefined)
        return wrong('/save takes the number of a message and a file')
      return { do: 'save', number: Number(number), file }
    }
    default:
      return wrong(
        `there is no /${word}; there are ${KNOWN}. A text that begins with a slash is typed with two`,
      )
  }
}

function close(rest: string): Word {
  const [, digits, reason = ''] = /^(\d+)?\s*(.*)$/s.exec(rest) ?? []
  const code = digits === undefined ? 1000 : Number(digits)
  if (!isSendable(code)) return wrong(`${code} may not be sent in a close frame`)
  return { do: 'close', code, reason }
}

function wrong(what: string): Word {
  return { do: 'wrong', what }
}
