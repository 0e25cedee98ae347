/**
 * A number whose digits a JavaScript number would change, such as `1.50`, `1e3` or a 20-digit account number.
 * It computes and compares like the nearest number, and `JSON.stringify` writes the digits as they were.
 */
export class ExactNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  valueOf(): number {
    return Number(this.text)
  }

  toString(): string {
    return this.text
  }

  toJSON(): unknown {
    return JSON.rawJSON(this.text)
  }
}

declare global {
  interface JSON {
    /** ECMAScript 2026: a value that `stringify` writes as this text. */
    rawJSON(text: string): unknown
  }
}

/** Reads a JSON number: a plain one where it prints back the same, else one that keeps its digits. */
export function numberOf(text: string): number | ExactNumber {
  const number = Number(text)
  return String(number) === text ? number : new ExactNumber(text)
}
