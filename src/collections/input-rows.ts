/** Values of variables, by their names. */
export type InputRow = Readonly<Record<string, string>>

/** Reads rows of values: a JSON list of objects, or CSV whose first line has the names. @throws Error with what is wrong */
export function inputRows(text: string): readonly InputRow[] {
  const rows = text.trimStart().startsWith('[') ? jsonRows(text) : csvRows(text)
  if (rows.length === 0) throw new Error('there are no rows of values')
  return rows
}

function jsonRows(text: string): InputRow[] {
  const list: unknown = JSON.parse(text)
  return (list as unknown[]).map((row, index) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row))
      throw new Error(`row ${index + 1} is no object`)
    return Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    )
  })
}

function csvRows(text: string): InputRow[] {
  const [names = [], ...lines] = csvLines(text)
  return lines.map((cells, index) => {
    if (cells.length !== names.length)
      throw new Error(`row ${index + 1} has ${cells.length} values, and there are ${names.length} names`)
    return Object.fromEntries(names.map((name, i) => [name.trim(), cells[i]!]))
  })
}

/** Splits CSV (RFC 4180) into cells; empty lines are passed over. */
function csvLines(text: string): string[][] {
  const lines: string[][] = []
  let cells: string[] = []
  const cell = /(?:"((?:[^"]|"")*)"|([^,\r\n"]*))(,|\r?\n|\r|$)/y
  const clean = text.replace(/^\ufeff/, '')
  while (cell.lastIndex < clean.length) {
    const at = cell.lastIndex
    const match = cell.exec(clean)
    if (!match)
      throw new Error(`this is no CSV: a quote is not closed, or stands inside text, at character ${at + 1}`)
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2]!)
    if (match[3] === ',' && cell.lastIndex < clean.length) continue
    if (match[3] === ',') cells.push('')
    if (cells.length > 1 || cells[0] !== '') lines.push(cells)
    cells = []
  }
  return lines
}

/** Writes one cell of CSV. */
export function csvCell(value: string | number): string {
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
