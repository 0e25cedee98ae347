import { type ParameterType, typedValue } from './upgrade-path.ts'

/** Gives the parameters of a handshake with those that have a type as values of it. */
export function typedParameters(
  given: Readonly<Record<string, string>>,
  types: readonly { readonly name: string; readonly type: ParameterType }[],
): Readonly<Record<string, string | number | boolean>> {
  const values: Record<string, string | number | boolean> = { ...given }
  for (const { name, type } of types) {
    const text = given[name]
    if (text !== undefined) values[name] = typedValue(type, text)
  }
  return values
}
