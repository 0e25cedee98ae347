import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { json, text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { type BodyReport, readBody, writeBody } from './body-streams.ts'

// Sends one long body, or asks for one, and prints one line of JSON: what the reader has seen of it, be that the
// backend or this process, how long it took, and what was wrong. --rate, in bytes a second, makes it slow.
const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    method: { type: 'string', default: 'POST' },
    bytes: { type: 'string', default: '1024' },
    rate: { type: 'string' },
    chunked: { type: 'boolean', default: false },
  },
})
if (values.url === undefined) throw new Error('no --url; give the http: address of the subject')

const bytes = Number(values.bytes)
const pace = values.rate === undefined ? {} : { rate: Number(values.rate) }

async function exchange(url: string): Promise<{ status: number; report: BodyReport }> {
  const isPost = values.method === 'POST'
  const headers = {
    ...(isPost && { 'content-type': 'application/octet-stream' }),
    ...(isPost && !values.chunked && { 'content-length': bytes }),
  }
  const outgoing = request(url, { method: values.method, headers, agent: false })
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
  if (isPost) await Promise.race([writeBody(outgoing, bytes, pace), answered])
  else outgoing.end()
  const [answer] = await answered
  const status = answer.statusCode ?? 0
  if (status !== 200) throw new Error(`answered ${status}: ${(await text(answer)).slice(0, 200)}`)
  const report = isPost ? ((await json(answer)) as BodyReport) : await readBody(answer, pace)
  return { status, report }
}

const from = performance.now()
const problems: string[] = []
let report: BodyReport | undefined
try {
  report = (await exchange(values.url)).report
  if (report.bytes !== bytes) problems.push(`${bytes} bytes were sent, ${report.bytes} arrived`)
  if (report.wrong > 0) problems.push(`${report.wrong} bytes were wrong`)
} catch (error) {
  problems.push((error as Error).message)
}
console.log(JSON.stringify({ ...report, seconds: (performance.now() - from) / 1000, problems }))
process.exit(problems.length > 0 ? 1 : 0)
