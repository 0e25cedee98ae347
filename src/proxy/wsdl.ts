import type { DirectAnswer, RequestHead, Route } from '../core/route.ts'
import type { Build } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import type { PublishConfig } from './publish-wsdl.ts'
import { infoPage, madeUpWsdl } from './service-description.ts'
import { type Documents, MAIN, rewritten, schemasIn, versionOf } from './wsdl-document.ts'
import { wsdlSource } from './wsdl-source.ts'

/** A service, as its descriptions tell of it. */
export interface Described {
  readonly name: string
  readonly description: string
  readonly publish: PublishConfig | undefined
  /** Whether the addresses in the description become those of the service. */
  readonly isRewritten: boolean
}

/** Questions about the service rather than messages to it. */
const QUESTION = /^(?:(wsdl2?|policy|info|xsd)|(wsdl|xsd)=([^&]*))$/i

/**
 * Gives what answers `GET ?wsdl`, `?wsdl2`, `?xsd`, `?info` and `?policy`, with the addresses in the description those
 * of this service.
 */
export function wsdlAnswers(
  service: Described,
  build: Build,
  span: Span,
): (head: RequestHead) => Route | undefined {
  const { publish } = service
  const source = publish && wsdlSource(publish, `Proxy ${service.name}`, build, span)
  const documents = async (head: RequestHead): Promise<Documents> =>
    publish ? ((await source?.()) ?? NONE) : new Map([[MAIN, madeUpWsdl(service.name, addressOf(head))]])
  return head => {
    if (head.path.length === head.target.length || !/^(?:GET|HEAD)$/.test(head.method)) return undefined
    const asked = QUESTION.exec(head.target.slice(head.path.length + 1))
    if (!asked) return undefined
    const [, what = '', , location] = asked
    const question = what.toLowerCase()
    const address = addressOf(head)
    if (question === 'info') return { answer: page(infoPage(service, address)) }
    if (question === 'policy') return { answer: document(undefined) }
    const answer = documents(head).then(all => {
      const found = location === undefined ? chosen(question, all) : imported(decode(location), all)
      return document(found && rewritten(found, { address, all, keepsAddress: !service.isRewritten }))
    })
    return { answer }
  }
}

const NONE: Documents = new Map()

/** A document by the name it is imported by. */
interface Found {
  readonly name: string
  readonly text: string
}

/** Compatibility: a WSDL is not made into one of the other version; who asks for that gets 404. */
function chosen(question: string, all: Documents): Found | undefined {
  const text = all.get(MAIN)
  if (text === undefined) return undefined
  if (question === 'xsd') {
    const [schema] = schemasIn(text)
    const [first] = [...all.keys()].filter(name => /\.xsd$/i.test(name))
    if (schema !== undefined) return { name: MAIN, text: schema }
    return first === undefined ? undefined : imported(first, all)
  }
  return question === 'wsdl' || versionOf(text) === '2.0' ? { name: MAIN, text } : undefined
}

function imported(name: string, all: Documents): Found | undefined {
  const text = name === MAIN ? undefined : all.get(name)
  return text === undefined ? undefined : { name, text }
}

function document(xml: string | undefined): DirectAnswer {
  if (xml === undefined) {
    const message = 'no such description is published'
    return { status: 404, headers: [['Content-Type', 'application/json']], body: JSON.stringify({ message }) }
  }
  return { status: 200, headers: [['Content-Type', 'text/xml; charset=UTF-8']], body: xml }
}

function page(html: string): DirectAnswer {
  return { status: 200, headers: [['Content-Type', 'text/html; charset=UTF-8']], body: html }
}

function addressOf({ isSecure, headers, path }: RequestHead): string {
  return `${isSecure ? 'https' : 'http'}://${String(headers.host ?? 'localhost')}${path}`
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
