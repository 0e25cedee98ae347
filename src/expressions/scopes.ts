import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { PropertyValue } from '../core/properties.ts'
import { wholeText } from './value.ts'
import { type Accessor, type Scope, wellKnown } from './well-known.ts'

/** Finds how a property is read and written: by its own meaning where it has one, else as a plain value. */
export function accessor(scope: Scope, name: string): Accessor {
  const meaning = wellKnown.get(`${scope} ${name}`)
  return meaning ?? plain(scope, name)
}

function plain(scope: Scope, name: string): Accessor {
  switch (scope) {
    case 'default':
      return {
        get: ctx => ctx.propertiesIfAny?.get(name),
        set: (ctx, value) => ctx.properties.set(name, value),
        remove: ctx => ctx.propertiesIfAny?.delete(name),
      }
    case 'axis2':
      return {
        get: ctx => ctx.transportIfAny?.extra.get(name),
        set: (ctx, value) => ctx.transport.extra.set(name, value),
        remove: ctx => ctx.transportIfAny?.extra.delete(name),
      }
    case 'axis2-client': {
      const key = `axis2-client ${name}`
      return {
        get: ctx => ctx.transportIfAny?.extra.get(key),
        set: (ctx, value) => ctx.transport.extra.set(key, value),
        remove: ctx => ctx.transportIfAny?.extra.delete(key),
      }
    }
    case 'transport':
      return {
        get: ctx => ctx.message.headers.get(name),
        set: (ctx, value) => ctx.message.headers.set(name, headerText(value)),
        remove: ctx => ctx.message.headers.delete(name),
      }
    case 'operation':
      return {
        get: ctx => ctx.operation.get(name),
        set: (ctx, value) => ctx.operation.set(name, value),
        remove: ctx => ctx.operation.delete(name),
      }
    case 'session':
      return {
        get: ctx => ctx.session?.attributes?.get(name),
        set(ctx, value) {
          if (value !== null && value !== undefined) attributesOf(ctx, name).set(name, value)
        },
        remove: ctx => void ctx.session?.attributes?.delete(name),
      }
  }
}

/** @throws Fault 0 where the message belongs to no session */
function attributesOf({ session }: MessageContext, name: string): Map<string, unknown> {
  if (session?.attributes) return session.attributes
  throw new Fault(0, `there is no WebSocket session to keep the property ${name} of scope session`)
}

/** Text as it is; XML and JSON on one line. */
function headerText(value: PropertyValue): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? (wholeText(value) ?? '').replace(/[\r\n]+/g, ' ') : String(value)
}
