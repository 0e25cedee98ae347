/** How scripts change what JavaScript itself brings. */
const CHANGES =
  /\b(?:prototype|__proto__|constructor|defineProperty|defineProperties|setPrototypeOf|assign|Reflect|eval)\b|\b(?:JSON|Math|Object|Function|Array|String|Number|Boolean|Date|RegExp|Error|Map|Set|Promise)\s*(?:\.\s*\w+|\[[^\]]*\])\s*=(?!=)/

/** Whether a script may change what JavaScript itself brings. Looking for that at run time takes longer than a run. */
export function mayChangeBuiltins(source: string): boolean {
  return CHANGES.test(source)
}

/* The code below runs inside the isolate of a script, never here: it may use nothing from outside the function. */

/**
 * Remembers what JavaScript itself brings, and gives a function that puts it back: what one message did to
 * `Array.prototype` or `JSON` is gone for the next one.
 */
export function keepBuiltins(): () => void {
  const { ownKeys, getOwnPropertyDescriptor, defineProperty, deleteProperty } = Reflect
  const { is } = Object
  type Kept = { object: Record<PropertyKey, unknown>; keys: PropertyKey[]; values: PropertyDescriptor[] }
  const kept: Kept[] = []
  const keep = (object: object): void => {
    const keys = ownKeys(object)
    const values = keys.map(key => getOwnPropertyDescriptor(object, key)!)
    kept.push({ object: object as Kept['object'], keys, values })
  }
  for (const made of [
    Object,
    Function,
    Array,
    String,
    Number,
    Boolean,
    Date,
    RegExp,
    Error,
    Map,
    Set,
    Promise,
  ]) {
    keep(made)
    keep(made.prototype as object)
  }
  for (const made of [JSON, Math, Reflect]) keep(made)

  // No call of a method, and no iterator: the script may have replaced them.
  const isChanged = ({ object, keys, values }: Kept): boolean => {
    if (ownKeys(object).length !== keys.length) return true
    for (let i = 0; i < keys.length; i++) {
      if ('value' in values[i]! && !is(object[keys[i]!], values[i]!.value)) return true
    }
    return false
  }
  const restore = ({ object, keys, values }: Kept): void => {
    const now = ownKeys(object)
    for (let i = 0; i < now.length; i++) {
      let isOwn = false
      for (let k = 0; k < keys.length; k++) isOwn ||= keys[k] === now[i]
      if (!isOwn) deleteProperty(object, now[i]!)
    }
    for (let i = 0; i < keys.length; i++) defineProperty(object, keys[i]!, values[i]!)
  }
  return () => {
    for (let i = 0; i < kept.length; i++) if (isChanged(kept[i]!)) restore(kept[i]!)
  }
}
