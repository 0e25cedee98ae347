/** A script failed: by itself, or against a limit. */
export class ScriptError extends Error {
  /** Line of the script, counted from 1, where the engine told it. */
  readonly line: number | undefined

  constructor(message: string, line?: number) {
    super(message)
    this.name = 'ScriptError'
    this.line = line
  }
}

/** What a script may use. */
export interface ScriptLimits {
  /** Milliseconds it may run. */
  readonly timeoutMs: number
  /** Mebibytes it may hold. */
  readonly memoryMb: number
}

/** The error of a script that did not end in its time. */
export function tookTooLong({ timeoutMs }: ScriptLimits): ScriptError {
  return new ScriptError(`the script ran longer than ${timeoutMs} ms and was stopped`)
}

/** The error of a script that wanted more memory than it may have. */
export function tooMuchMemory({ memoryMb }: ScriptLimits): ScriptError {
  return new ScriptError(`the script needed more than ${memoryMb} MiB and was stopped`)
}
