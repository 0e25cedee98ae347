import { MessageContext } from '../../src/core/context.ts'
import { compileExpression } from '../../src/expressions/expression.ts'
import type { Expression } from '../../src/expressions/value.ts'
import { Source } from '../../src/language/source.ts'
import { Expected, type Setting } from '../../src/language/types.ts'
import { Message } from '../../src/message/message.ts'
import { deployed, RecordingOrigin } from '../support/mediate.ts'

/** Prefixes that every expression here may use. */
export const setting: Setting = {
  namespaces: new Map([
    ['o', 'urn:orders'],
    ['s', 'http://schemas.xmlsoap.org/soap/envelope/'],
  ]),
  span: { source: new Source('a.xml', ''), start: 0, end: 0 },
}

const deployment = deployed({
  's.xml': '<sequence name="s"><drop/></sequence>',
  'p.xml': '<proxy name="test"><target inSequence="s"/></proxy>',
  'text.xml': '<localEntry key="greeting">hello</localEntry>',
  'json.xml': '<localEntry key="limits">{"a":{"b":[1,2]}}</localEntry>',
  'xml.xml': '<localEntry key="order"><order><id>7</id></order></localEntry>',
})
const { service } = deployment.services[0]!

/** A message on its way through a proxy service; there are local entries `greeting`, `limits` and `order`. */
export function context(body: Message = Message.empty()): MessageContext {
  return new MessageContext(service, new RecordingOrigin(), body)
}

/** What the engine logged since the last call. */
export function logged(): string[] {
  return deployment.log.lines.splice(0).map(({ level, text }) => `${level} ${text}`)
}

/** Compiles an expression as a file would write it. */
export function compile(source: string): Expression {
  return compileExpression(source, setting)
}

/** Says why an expression is refused. */
export function refusal(source: string): string {
  try {
    compile(source)
  } catch (error) {
    if (error instanceof Expected)
      return `${error.message}${error.hint === undefined ? '' : ` ${error.hint}`}`
    throw error
  }
  throw new Error(`${source} was compiled`)
}
