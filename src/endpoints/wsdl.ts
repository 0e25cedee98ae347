import { readFile } from 'node:fs/promises'
import { Fault } from '../core/fault.ts'
import type { Deployment } from '../core/ports.ts'
import { endpointKind } from '../language/declare.ts'
import { attribute, literal } from '../language/field.ts'
import { statistics, trace } from '../language/observation.ts'
import { resolved } from '../language/resolved.ts'
import { text } from '../language/types.ts'
import { parseXml } from '../message/xml/parse.ts'
import type { XmlElement } from '../message/xml/tree.ts'
import { unresolved } from './address.ts'
import { httpClient } from './connections.ts'
import { failingEndpoint } from './failing.ts'
import { governed, type Sender } from './governed.ts'
import type { HttpClient } from './http-client.ts'
import { HttpSender } from './http-sender.ts'
import { policyFields } from './policy-fields.ts'
import { SHAPE_IGNORED, SHAPE_UNSUPPORTED, shapeFields, shapeOf } from './shape-fields.ts'
import { fixedAddress } from './where.ts'

/** An endpoint whose address stands in a WSDL. */
export const wsdlEndpoint = endpointKind({
  element: 'wsdl',
  summary: 'An endpoint whose address is that of a port of a WSDL, written here or read from elsewhere.',
  fields: {
    uri: attribute(text, { doc: 'Where the WSDL is: an http(s): or file: URL, or the key of an entry.' }),
    service: attribute(text, { doc: 'Name of the service; default the first.' }),
    port: attribute(text, { doc: 'Name of the port; default the first.' }),
    ...shapeFields,
    statistics,
    trace,
    ...policyFields,
    inline: literal({ doc: 'The WSDL itself, 1.1 or 2.0.' }),
  },
  ignored: SHAPE_IGNORED,
  unsupported: SHAPE_UNSUPPORTED,
  notes:
    'Compatibility: a WSDL that is elsewhere is read when the first message is sent, and what is wrong with it is fault 303002 then; the original does not start without it.',
  example: `<endpoint>
    <wsdl uri="http://localhost:8081/services/Orders?wsdl" service="Orders" port="OrdersPort"/>
</endpoint>`,
  check({ uri, inline }, wrong) {
    if (uri === undefined && !inline) wrong('<wsdl> needs attribute uri, or a WSDL.', { code: 'missing' })
  },
  compile(config, build, name, span) {
    const { uri, inline, service, port } = config
    const shape = shapeOf(config, build, span)
    const client = httpClient(build)
    const { maxBodyBytes } = build.settings.httpClient
    const to = (address: string): HttpSender =>
      new HttpSender({ ...shape, client, maxBodyBytes, where: fixedAddress(address, shape.format) })
    if (inline && uri === undefined) {
      const address = addressIn(inline.xml, service, port)
      if (address !== undefined)
        return governed(to(address), { name, address, config, notReady: 303002 }, build, span)
      const what = `the WSDL has no address for service ${service ?? ''}, port ${port ?? ''}`
      build.warning(span, 'no-transport', `Sending to endpoint ${name} is a fault: ${what}.`)
      return failingEndpoint(name, what, 303002)
    }
    const found = resolved(uri ?? '', { within: true })
    if ('missing' in found) return unresolved(uri ?? '', found.missing, { name, build, span })
    const read = new WsdlReader(found.text, client)
    let sender: Promise<Sender> | undefined
    const late: Sender = {
      async deliver(ctx, timeoutMs) {
        sender ??= read.address(ctx.deployment, { service, port, timeoutMs }).then(to)
        try {
          await sender
        } catch (error) {
          sender = undefined
          throw error
        }
        return (await sender).deliver(ctx, timeoutMs)
      },
    }
    const address = found.text
    return governed(late, { name, address, config, notReady: 303002, describedAt: address }, build, span)
  },
})

interface Wanted {
  readonly service: string | undefined
  readonly port: string | undefined
  readonly timeoutMs: number
}

/** Reads a WSDL from where it is. */
class WsdlReader {
  readonly #uri: string
  readonly #client: HttpClient

  constructor(uri: string, client: HttpClient) {
    this.#uri = uri
    this.#client = client
  }

  /** Gives the address of a port. @throws Fault 303002 when it cannot be found */
  async address(deployment: Deployment, { service, port, timeoutMs }: Wanted): Promise<string> {
    let reason = `no address for service ${service ?? ''}, port ${port ?? ''}`
    try {
      const text = await this.#text(deployment, timeoutMs)
      const address = addressIn(parseXml(text).documentElement!, service, port)
      if (address !== undefined) return address
    } catch (error) {
      reason = (error as Error).message
    }
    throw new Fault(303002, `the WSDL ${this.#uri} cannot be used: ${reason}`)
  }

  async #text(deployment: Deployment, timeoutMs: number): Promise<string> {
    const entry = deployment.entry(this.#uri)
    if (entry) return entry.text
    if (/^file:/i.test(this.#uri)) {
      const path = this.#uri.replace(/^file:(?:\/\/)?/i, '')
      return readFile(path, 'utf8')
    }
    const answer = await this.#client.send({
      method: 'GET',
      url: new URL(this.#uri),
      headers: ['Accept', 'text/xml, application/xml, */*'],
      body: undefined,
      timeoutMs,
      isOneWay: false,
      closes: false,
      hasFullUri: false,
    })
    if (answer?.status !== 200) throw new Error(`it was answered with status ${answer?.status}`)
    return answer.body.toString()
  }
}

/** Finds the address of a port: `service/port/address` of WSDL 1.1, `service/endpoint` of 2.0. */
function addressIn(
  wsdl: XmlElement,
  service: string | undefined,
  port: string | undefined,
): string | undefined {
  const isNamed = (element: XmlElement, wanted: string | undefined): boolean =>
    wanted === undefined || element.getAttribute('name') === wanted
  for (const each of wsdl.children) {
    if (each.localName !== 'service' || !isNamed(each, service)) continue
    for (const candidate of each.children) {
      if (!isNamed(candidate, port)) continue
      if (candidate.localName === 'endpoint') return candidate.getAttribute('address')
      const address = candidate.children.find(({ localName }) => localName === 'address')
      if (candidate.localName === 'port' && address) return address.getAttribute('location')
    }
  }
  return undefined
}
