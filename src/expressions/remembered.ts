/** How many results are remembered by default. */
const MOST = 200

/**
 * Makes a function that remembers what it made of a text: for what is compiled of texts that only messages know.
 * Once there are too many they are all forgotten. What is thrown is not remembered.
 */
export function remembered<T extends object>(make: (text: string) => T, most = MOST): (text: string) => T {
  const known = new Map<string, T>()
  return text => {
    const before = known.get(text)
    if (before) return before
    const made = make(text)
    if (known.size >= most) known.clear()
    known.set(text, made)
    return made
  }
}
