import { xmlAttributeText, xmlText } from '../message/xml/serialize.ts'
import type { ConnectionResult, StepResult } from './run-connection.ts'

/** What came of a collection. */
export interface CollectionReport {
  readonly collection: string
  readonly environment: string | undefined
  readonly connections: readonly ConnectionResult[]
}

/** Tells whether all was as expected. */
export function hasPassed({ connections }: CollectionReport): boolean {
  return connections.every(({ steps }) => steps.every(({ failure }) => failure === undefined))
}

/** Tells people how a collection went. */
export function plainReport({ collection, environment, connections }: CollectionReport): string {
  const steps = connections.flatMap(each => each.steps)
  const failed = steps.filter(({ failure }) => failure !== undefined).length
  return [
    collection + (environment === undefined ? '' : ` (${environment})`),
    ...connections.flatMap(({ path, steps: of }) => [`  ${path}`, ...of.flatMap(stepLines)]),
    `${connections.length} ${connections.length === 1 ? 'connection' : 'connections'}, ${steps.length} steps: ${steps.length - failed} passed, ${failed} failed`,
  ].join('\n')
}

function stepLines({ name, failure, durationMs }: StepResult): string[] {
  if (failure === undefined) return [`    PASS  ${name} (${rounded(durationMs)} ms)`]
  return [`    FAIL  ${name}`, ...failure.split('\n').map(line => `          ${line}`)]
}

/** Tells machines how a collection went. */
export function jsonReport(report: CollectionReport): string {
  const connections = report.connections.map(({ path, startedAt, durationMs, steps }) => ({
    connection: path,
    startedAt: startedAt.toISOString(),
    durationInMs: rounded(durationMs),
    steps: steps.map(({ name, failure, durationMs: took }) => ({
      name,
      passed: failure === undefined,
      durationInMs: rounded(took),
      ...(failure !== undefined && { failure }),
    })),
  }))
  const { collection, environment } = report
  return JSON.stringify({ collection, environment, passed: hasPassed(report), connections }, null, 2)
}

/** Tells build servers how a collection went, as JUnit does. */
export function junitReport({ collection, connections }: CollectionReport): string {
  const suites = connections.map(({ path, startedAt, durationMs, steps }) => {
    const failures = steps.filter(({ failure }) => failure !== undefined).length
    const head = `<testsuite name="${attribute(path)}" tests="${steps.length}" failures="${failures}" errors="0" skipped="0" time="${seconds(durationMs)}" timestamp="${startedAt.toISOString()}">`
    return [`  ${head}`, ...steps.map(step => junitCase(step, path)), '  </testsuite>'].join('\n')
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${attribute(collection)}">`,
    ...suites,
    '</testsuites>',
  ].join('\n')
}

function junitCase({ name, failure, durationMs }: StepResult, path: string): string {
  const head = `    <testcase classname="${attribute(path)}" name="${attribute(name)}" time="${seconds(durationMs)}"`
  if (failure === undefined) return `${head}/>`
  const first = failure.split('\n')[0]!
  return `${head}><failure message="${attribute(first)}">${xmlText(allowed(failure))}</failure></testcase>`
}

function attribute(text: string): string {
  return xmlAttributeText(allowed(text))
}

/** XML has no control characters. */
function allowed(text: string): string {
  return text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd')
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10
}
