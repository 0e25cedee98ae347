/** Prints rows under a head, in columns as wide as what stands in them; nothing but the head where there are none. */
export function printColumns(head: readonly string[], rows: readonly (readonly unknown[])[]): void {
  const lines = [head, ...rows.map(row => row.map(cell => String(cell)))]
  const widths = head.map((_, column) => Math.max(...lines.map(line => line[column]?.length ?? 0)))
  for (const line of lines)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
}

/** Prints a value as JSON that people can read. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2))
}
