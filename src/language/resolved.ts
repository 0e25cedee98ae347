/** A text of a configuration with what it takes from the environment put in, or the name of what is missing there. */
export type Resolved = { readonly text: string } | { readonly missing: string }

const WHOLE = /^\$(?:SYSTEM|FILE):(.+)$|^\$\{configs\.([^}]+)\}$/

/**
 * Resolves a value that names something outside of the configuration: `$SYSTEM:NAME`, `$FILE:NAME` and
 * `${configs.NAME}` as a whole, and with `within` also `${NAME}` inside. All are environment variables.
 */
export function resolved(source: string, { within }: { readonly within: boolean }): Resolved {
  const text = source.trim()
  const whole = WHOLE.exec(text)
  if (whole) {
    const name = (whole[1] ?? whole[2])!.trim()
    const value = process.env[name]
    return value === undefined ? { missing: name } : { text: value.trim() }
  }
  if (!within || !text.includes('${')) return { text }
  let missing: string | undefined
  const filled = text.replace(/\$\{([^}]+)\}/g, (all, name: string) => {
    const value = process.env[name]
    if (value === undefined) missing ??= name
    return value ?? all
  })
  return missing === undefined ? { text: filled } : { missing }
}

/** Resolves a value that names something outside as a whole; calls back with what is missing there. */
export function resolvedValue(
  source: string | undefined,
  onMissing: (name: string) => void,
): string | undefined {
  if (source === undefined || !WHOLE.test(source.trim())) return source
  const found = resolved(source, { within: false })
  if ('text' in found) return found.text
  onMissing(found.missing)
  return undefined
}
