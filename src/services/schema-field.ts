import type { Element } from '../language/xml.ts'
import type { MessageSchema } from './binding.ts'

const schemas = new WeakMap<Element, MessageSchema>()

/** Keeps a schema that cannot be written as text with the hook it is of. */
export function attachSchema(element: Element, schema: MessageSchema): void {
  schemas.set(element, schema)
}

/** Gives the schema that was kept with a hook. */
export function attachedSchema(element: Element): MessageSchema | undefined {
  return schemas.get(element)
}
