import { mediaTypeOf, withoutCharset } from '../message/content-type.ts'

/** What the frames of a client hold. */
export interface FrameTypes {
  /** Content type of text, which is UTF-8 whatever charset was agreed on. */
  readonly text: string
  readonly binary: string
  /** How text that comes in counts as a frame; a subprotocol that tells its type makes it content alone. */
  readonly textFrame: 'text' | undefined
  /** Whether respond sends the content of such a frame, which can be read and written anew, rather than the frame. */
  readonly isTextKnown: boolean
  readonly isBinaryKnown: boolean
}

/** Tells what the frames of a client hold: by the subprotocol agreed on, else as its endpoint says. */
export function frameTypes(subprotocol: string, defaultContentType: string): FrameTypes {
  const binary = typeNamedBy(subprotocol) ?? defaultContentType
  const isTyped = subprotocol.startsWith('synapse')
  const isReadable = !['', 'text/plain', 'application/octet-stream'].includes(mediaTypeOf(binary))
  return {
    text: withoutCharset(binary),
    binary,
    textFrame: isTyped ? undefined : 'text',
    isTextKnown: isReadable,
    isBinaryKnown: !isTyped && isReadable,
  }
}

function typeNamedBy(subprotocol: string): string | undefined {
  return /^synapse\(contentType=['"]?([^'")]+)['"]?\)$/.exec(subprotocol)?.[1]
}
