import type { MediatorContext } from '../../../src/sequences/class-context.ts'

/** Uses all a module may use. */
export default {
  ends: false,
  async mediate(message: MediatorContext, properties: Record<string, unknown>): Promise<boolean> {
    await Promise.resolve()
    message.setProperty('seen', {
      text: message.text(),
      xml: message.xml(),
      mediaType: message.mediaType,
      direction: message.direction,
      id: message.id.startsWith('urn:uuid:'),
      header: message.header('X-In'),
      property: message.property('in'),
      variable: message.variable('in'),
      ...properties,
    })
    message.removeProperty('in')
    message.setProperty('HTTP_SC', 201, 'axis2')
    message.setVariable('out', 1)
    message.setHeader('X-Out', '1')
    message.removeHeader('X-In')
    message.setXml('<done/>')
    message.log('was here', 'warn')
    return this.ends
  },
}
