import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { hashPassword } from '../core/access/password-hash.ts'

/** The longest password that anybody could sign in with, with the name in front of it, in characters. */
const MOST_CHARACTERS = 1_000

/** Reads a password from standard input, its first line, and prints what a list of users has in its place. */
export async function printPasswordHash(): Promise<number> {
  const password = await firstLine()
  if (password === '') throw new Error('there is no password: write it to standard input, as one line')
  if (password.length > MOST_CHARACTERS || password.includes('\0'))
    throw new Error(`a password has at most ${MOST_CHARACTERS} characters, none of them the zero character`)
  console.log(await hashPassword(password))
  return 0
}

async function firstLine(): Promise<string> {
  const { stdin, stderr } = process
  if (stdin.isTTY) stderr.write('Password: ')
  // What is typed is not shown.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output, terminal: stdin.isTTY })
  let first = ''
  for await (const line of lines) {
    first = line
    break
  }
  if (stdin.isTTY) stderr.write('\n')
  return first
}
