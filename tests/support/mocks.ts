import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Diagnostics, toRecord } from '../../src/language/diagnostic.ts'
import { Source } from '../../src/language/source.ts'
import { readMocks } from '../../src/mocks/read-mocks.ts'
import { type MockServer, mock } from '../../src/sdk/mock.ts'
import { type Client, type ConnectOptions, connect } from './clients.ts'

/** A mock server of files in a folder of its own. Going out of scope removes both. */
export class TestMocks implements AsyncDisposable {
  readonly server: MockServer
  readonly folder: string

  constructor(server: MockServer, folder: string) {
    this.server = server
    this.folder = folder
  }

  /** Connects a client to a path. */
  connect(path: string, options?: ConnectOptions): Promise<Client> {
    return connect(this.server.url + path, options)
  }

  fetch(path: string, options?: RequestInit): Promise<Response> {
    return fetch(this.server.httpUrl + path, options)
  }

  /** Replaces a file. */
  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop()
    rmSync(this.folder, { recursive: true })
  }
}

/** Serves a mock file; others may stand beside it. */
export async function serveMocks(
  yaml: string,
  files: Readonly<Record<string, string | Buffer>> = {},
  options: { readonly answers?: string } = {},
): Promise<TestMocks> {
  const folder = mkdtempSync(join(tmpdir(), 'mocks-'))
  for (const [name, text] of Object.entries({ 'mocks.yml': yaml, ...files }))
    writeFileSync(join(folder, name), text)
  const answers = options.answers === undefined ? {} : { answers: join(folder, options.answers) }
  try {
    return new TestMocks(await mock(join(folder, 'mocks.yml'), answers), folder)
  } catch (error) {
    rmSync(folder, { recursive: true })
    throw error
  }
}

/** Findings about a mock file, each on one line: place, code, message, hint. */
export function mockFindings(yaml: string): string[] {
  const diagnostics = new Diagnostics()
  readMocks(new Source('mocks.yml', yaml), diagnostics)
  return diagnostics
    .all()
    .map(toRecord)
    .map(
      ({ line, column, code, message, hint }) =>
        `${line}:${column} ${code}: ${message}${hint ? ` ${hint}` : ''}`,
    )
}
