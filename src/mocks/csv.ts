/** Reads CSV (RFC 4180): an object for each line, by the names of the first one. */
export function csvOf(text: string): Record<string, string>[] {
  const [names = [], ...rows] = rowsOf(text.replace(/^\ufeff/, ''))
  return rows.map(row => Object.fromEntries(names.map((name, i) => [name, row[i] ?? ''])))
}

function rowsOf(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let field = ''
  let isQuoted = false
  const endRow = (): void => {
    row.push(field)
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
    field = ''
  }
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (isQuoted) {
      if (char !== '"') field += char
      else if (text[i + 1] === '"') field += text[++i]
      else isQuoted = false
    } else if (char === '"' && field === '') isQuoted = true
    else if (char === ',') {
      row.push(field)
      field = ''
    } else if (char === '\n') endRow()
    else if (char !== '\r') field += char
  }
  endRow()
  return rows
}
