/** One file of a configuration: where it is and what it says. */
export class Source {
  /** The path as it is shown to people. */
  readonly path: string
  readonly text: string
  /** Whether it is part of an archive: its main and fault sequences then take the place of those in files. */
  readonly isOfArchive: boolean
  #lineStarts: number[] | undefined

  constructor(path: string, text: string, { isOfArchive = false } = {}) {
    this.path = path
    this.text = text
    this.isOfArchive = isOfArchive
  }

  /** Gives line and column, both from 1, of an offset in the text. */
  locate(offset: number): { line: number; column: number } {
    const starts = this.#starts()
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - starts[low]! + 1 }
  }

  /** Gives a line, counted from 1, without its end. */
  line(number: number): string {
    const starts = this.#starts()
    const end = number < starts.length ? starts[number]! : this.text.length
    return this.text.slice(starts[number - 1], end).replace(/\r?\n$|\r$/, '')
  }

  #starts(): number[] {
    if (!this.#lineStarts) {
      const starts = [0]
      for (const match of this.text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length)
      this.#lineStarts = starts
    }
    return this.#lineStarts
  }
}

/** A stretch of a source, from `start` up to and not including `end`. */
export interface Span {
  readonly source: Source
  readonly start: number
  readonly end: number
}

/** Gives file, line and column of the beginning of a span. */
export function placeOf(span: Span): { file: string; line: number; column: number } {
  return { file: span.source.path, ...span.source.locate(span.start) }
}
