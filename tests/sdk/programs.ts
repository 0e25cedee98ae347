import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const checkout = fileURLToPath(new URL('../..', import.meta.url))
/** What was compiled for one program serves the next. */
const COMPILED = join(checkout, 'node_modules/.cache/compiled')

/** A folder of programs that import `myelin`, which is the sources of the checkout. Going out of scope deletes it. */
export class Programs implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'myelin-programs-'))

  constructor() {
    const packages = join(this.#folder, 'node_modules')
    mkdirSync(packages)
    symlinkSync(checkout, join(packages, 'myelin'))
    symlinkSync(join(checkout, 'node_modules', '@types'), join(packages, '@types'))
    writeFileSync(join(this.#folder, 'package.json'), '{ "type": "module" }')
  }

  /** Writes a program. */
  write(name: string, text: string): void {
    writeFileSync(join(this.#folder, name), text)
  }

  /** Takes over all examples of the checkout. */
  copyExamples(): void {
    cpSync(join(checkout, 'examples'), this.#folder, { recursive: true })
  }

  /** Runs a program to its end and gives what it printed. @throws the error of the program, with what it printed */
  async run(name: string, args: readonly string[] = []): Promise<string> {
    const options = ['--conditions=myelin-source', '--disable-warning=ExperimentalWarning']
    const { stdout } = await execute(process.execPath, [...options, name, ...args], {
      cwd: this.#folder,
      timeout: 30_000,
      env: { NODE_COMPILE_CACHE: COMPILED, ...process.env, NO_PROXY: 'localhost,127.0.0.1' },
    })
    return stdout
  }

  /** Checks the types of all programs, and gives what is wrong. */
  async check(): Promise<string> {
    const options = {
      noEmit: true,
      rootDir: '/',
      noUnusedLocals: false,
      typeRoots: [join(checkout, 'node_modules', '@types')],
    }
    const config = { extends: join(checkout, 'tsconfig.json'), compilerOptions: options, include: ['*.ts'] }
    writeFileSync(join(this.#folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(checkout, 'node_modules', 'typescript', 'bin', 'tsc')
    const { stdout } = await execute(process.execPath, [tsc, '-p', '.'], { cwd: this.#folder }).catch(
      error => error,
    )
    return (stdout as string)
      .split('\n')
      .filter(line => !line.includes('../'))
      .join('\n')
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true })
  }
}
