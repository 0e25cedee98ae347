import { type Diagnostic, format, toRecord } from '../language/diagnostic.ts'
import { xmlAttributeText, xmlText } from '../message/xml/serialize.ts'
import type { AssertionFailure } from './assertion.ts'
import { totalOf } from './coverage.ts'
import type { CaseResult, SuiteResult } from './run.ts'

/** What came of all suites. */
export interface TestReport {
  readonly suites: readonly SuiteResult[]
  /** What is wrong with suites that could not be read. */
  readonly unreadable: readonly Diagnostic[]
}

const SHOWN_LOG = 10
const SHOWN_MEDIATORS = 8

/** Tells people how a suite went. */
export function suiteText({ suite, artifact, deployment, notes, cases, coverage }: SuiteResult): string {
  const lines = [`${suite} (${artifact})`]
  if (deployment.length > 0) lines.push('  FAIL  deployment', ...deployment.map(each => indented(each)))
  for (const each of cases) lines.push(...caseLines(each))
  for (const note of notes) lines.push(`  note  ${note}`)
  if (deployment.length > 0) return lines.join('\n')
  const { executed, total, percent, artifacts } = coverage
  lines.push(`  coverage ${executed} of ${total} mediators (${percent} %)`)
  const missed = artifacts.flatMap(({ mediators }) => mediators.filter(each => !each.executed))
  for (const { file, line, column, mediator } of missed.slice(0, SHOWN_MEDIATORS))
    lines.push(indented(`not run: ${file}:${line}:${column} <${mediator}>`))
  if (missed.length > SHOWN_MEDIATORS) lines.push(indented(`and ${missed.length - SHOWN_MEDIATORS} more`))
  return lines.join('\n')
}

function caseLines({ name, passed, ms, mediation, failures, log }: CaseResult): string[] {
  if (passed) return [`  ok    ${name} (${ms} ms)`]
  const lines = [`  FAIL  ${name} (${ms} ms)`]
  if (mediation !== undefined) lines.push(indented(`mediation: ${mediation}`))
  for (const failure of failures) lines.push(indented(failureText(failure)))
  for (const line of log.slice(-SHOWN_LOG)) lines.push(indented(`log: ${line}`))
  return lines
}

function failureText({ type, expression, expected, actual, message, problem }: AssertionFailure): string {
  const lines = [`${type} ${expression}${message === '' ? '' : `: ${message}`}`]
  if (expected !== undefined) lines.push(`  expected ${expected}`)
  lines.push(problem === undefined ? `  actual   ${actual ?? '(nothing)'}` : `  ${problem}`)
  return lines.join('\n')
}

/** Adds up in one line how all suites went. */
export function summaryText({ suites, unreadable }: TestReport): string {
  const { cases, passed, failed, coverage } = summaryOf(suites)
  const broken = unreadable.length > 0 ? `, ${plural(filesOf(unreadable).size, 'suite')} unreadable` : ''
  const share = `coverage ${coverage.executed} of ${coverage.total} mediators (${coverage.percent} %)`
  return `${plural(suites.length, 'suite')}, ${plural(cases, 'case')}: ${passed} passed, ${failed} failed${broken}; ${share}`
}

/** Gives the whole report as JSON. */
export function jsonText({ suites, unreadable }: TestReport): string {
  return JSON.stringify({ suites, unreadable: unreadable.map(toRecord), summary: summaryOf(suites) }, null, 2)
}

/** Gives the whole report as JUnit XML, which build servers read. */
export function junitText({ suites, unreadable }: TestReport): string {
  const { cases, failed } = summaryOf(suites)
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>']
  const errors = filesOf(unreadable)
  lines.push(`<testsuites tests="${cases + errors.size}" failures="${failed}" errors="${errors.size}">`)
  for (const result of suites) lines.push(...junitSuite(result))
  for (const file of errors) {
    const found = unreadable.filter(({ span }) => span.source.path === file).map(each => format(each))
    lines.push(
      `  <testsuite name="${attribute(file)}" tests="1" failures="0" errors="1">`,
      `    <testcase name="suite" classname="${attribute(file)}">`,
      `      <error message="the suite cannot be read">${text(found.join('\n\n'))}</error>`,
      '    </testcase>',
      '  </testsuite>',
    )
  }
  lines.push('</testsuites>')
  return lines.join('\n')
}

function junitSuite({ suite, artifact, deployment, cases, coverage }: SuiteResult): string[] {
  const failed = cases.filter(({ passed }) => !passed).length
  const time = seconds(cases.reduce((sum, { ms }) => sum + ms, 0))
  const lines = [
    `  <testsuite name="${attribute(suite)}" tests="${cases.length}" failures="${failed}" errors="0" time="${time}">`,
    '    <properties>',
    `      <property name="artifact" value="${attribute(artifact)}"/>`,
    `      <property name="coverage" value="${coverage.percent}"/>`,
    '    </properties>',
  ]
  for (const each of cases) {
    const { name, passed, ms, mediation, failures, log } = each
    const start = `    <testcase name="${attribute(name)}" classname="${attribute(artifact)}" time="${seconds(ms)}"`
    if (passed) {
      lines.push(`${start}/>`)
      continue
    }
    const reasons = [
      ...(mediation === undefined ? [] : [`mediation: ${mediation}`]),
      ...failures.map(failureText),
    ]
    const [first = ''] = reasons
    const type = failures[0]?.type ?? 'mediation'
    lines.push(
      `${start}>`,
      `      <failure type="${type}" message="${attribute(first.split('\n', 1)[0]!)}">${text([...reasons, ...deployment].join('\n'))}</failure>`,
      ...(log.length > 0 ? [`      <system-out>${text(log.join('\n'))}</system-out>`] : []),
      '    </testcase>',
    )
  }
  lines.push('  </testsuite>')
  return lines
}

interface Summary {
  readonly suites: number
  readonly cases: number
  readonly passed: number
  readonly failed: number
  readonly coverage: ReturnType<typeof totalOf>
}

function summaryOf(suites: readonly SuiteResult[]): Summary {
  const cases = suites.flatMap(each => each.cases)
  const passed = cases.filter(each => each.passed).length
  return {
    suites: suites.length,
    cases: cases.length,
    passed,
    failed: cases.length - passed,
    coverage: totalOf(suites.map(({ coverage }) => coverage)),
  }
}

function filesOf(diagnostics: readonly Diagnostic[]): Set<string> {
  return new Set(
    diagnostics.filter(({ severity }) => severity === 'error').map(({ span }) => span.source.path),
  )
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}

function indented(lines: string): string {
  return lines.replace(/^/gm, '        ')
}

function attribute(value: string): string {
  return xmlAttributeText(writable(value))
}

function text(value: string): string {
  return xmlText(writable(value))
}

/** What XML has no way to write is shown as unknown. */
function writable(value: string): string {
  return value.toWellFormed().replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd')
}
