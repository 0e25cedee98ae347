import { describe, expect, test } from 'vitest'
import { toRecord } from '../../src/language/diagnostic.ts'
import { Settings } from '../../src/settings.ts'
import { eventually } from '../support/eventually.ts'
import { deployed, RecordingLogger } from '../support/mediate.ts'

class RunningTask implements AsyncDisposable {
  readonly log = new RecordingLogger()
  readonly deployment

  constructor(artifacts: string) {
    this.deployment = deployed(
      { 'test.xml': `<definitions>${artifacts}</definitions>` },
      new Settings(),
      this.log,
    )
  }

  static async start(artifacts: string): Promise<RunningTask> {
    const running = new RunningTask(artifacts)
    expect(running.deployment.diagnostics.errors).toBe(0)
    for (const activity of running.deployment.activities) await activity.start()
    return running
  }

  said(): string[] {
    return this.log.lines.map(({ text }) => /said = (.*)$/.exec(text)?.[1] ?? '').filter(text => text !== '')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const activity of this.deployment.activities) await activity.stop(1_000)
    await this.deployment.stop()
  }
}

function task(
  trigger: string,
  properties: Readonly<Record<string, string>>,
  message = '<ask xmlns="">ACME</ask>',
): string {
  return `<task name="t">${trigger}${Object.entries(properties)
    .map(([name, value]) => `<property name="${name}" value="${value}"/>`)
    .join('')}<property name="message">${message}</property></task>`
}

function saying(name: string, expression: string): string {
  return `<sequence name="${name}"><log level="custom"><property name="said" expression="${expression}"/></log><drop/></sequence>`
}

const TO_SEQUENCE = { injectTo: 'sequence', sequenceName: 'seen' }

describe('a task runs', () => {
  test('once, at once, without a trigger', async () => {
    await using running = await RunningTask.start(task('', TO_SEQUENCE) + saying('seen', '//ask'))
    await eventually(() => expect(running.said()).toEqual(['ACME']))
  })

  test('so many times at an interval, in seconds', async () => {
    const trigger = '<trigger count="3" interval="0.01"/>'
    await using running = await RunningTask.start(
      task(trigger, { ...TO_SEQUENCE, sequential: 'true' }) + saying('seen', "get-property('task.name')"),
    )
    await eventually(() => expect(running.said()).toEqual(['t', 't', 't']))
  })

  test('by a cron expression', async () => {
    await using running = await RunningTask.start(
      task('<trigger cron="* * * * * ?"/>', TO_SEQUENCE) + saying('seen', '//ask'),
    )
    await eventually(() => expect(running.said()).toEqual(['ACME', 'ACME']))
  })
})

describe('its message goes', () => {
  test('to main, where nothing is said', async () => {
    await using running = await RunningTask.start(task('', {}) + saying('main', '//ask'))
    await eventually(() => expect(running.said()).toEqual(['ACME']))
  })

  test('to a proxy service, inside the gateway', async () => {
    const proxy = `<proxy name="P"><target><inSequence><log level="custom">
      <property name="said" expression="get-property('proxy.name')"/></log><drop/></inSequence></target></proxy>`
    await using running = await RunningTask.start(task('', { injectTo: 'proxy', proxyName: 'P' }) + proxy)
    await eventually(() =>
      expect(running.log.lines.some(({ text }) => text.startsWith('{proxy:P} said'))).toBe(true),
    )
  })

  test('nowhere, with a line in the log, where there is no such proxy service', async () => {
    await using running = await RunningTask.start(task('', { injectTo: 'proxy', proxyName: 'P' }))
    await eventually(() =>
      expect(running.log.lines.find(({ level }) => level === 'error')?.text).toBe('task t failed'),
    )
  })
})

describe('its message is', () => {
  const typeOf = async (
    properties: Readonly<Record<string, string>>,
    message?: string,
  ): Promise<string[]> => {
    const seen = `<sequence name="seen"><log level="full"/></sequence>`
    await using running = await RunningTask.start(task('', { ...TO_SEQUENCE, ...properties }, message) + seen)
    const line = (): string | undefined =>
      running.log.lines.find(({ text }) => text.includes('Direction'))?.text
    await eventually(() => expect(line()).toBeDefined())
    return [line()!]
  }

  test('in a SOAP 1.2 envelope, or that of its format', async () => {
    expect((await typeOf({}))[0]).toContain('http://www.w3.org/2003/05/soap-envelope')
    expect((await typeOf({ format: 'soap11' }))[0]).toContain('http://schemas.xmlsoap.org/soap/envelope/')
  })

  test('addressed and with an action', async () => {
    const properties = { ...TO_SEQUENCE, to: 'http://localhost/x', soapAction: 'urn:ask' }
    const seen = saying('seen', "concat(get-property('To'), ' ', get-property('Action'))")
    await using running = await RunningTask.start(task('', properties) + seen)
    await eventually(() => expect(running.said()).toEqual(['http://localhost/x urn:ask']))
  })

  test('an entry', async () => {
    const entry = '<localEntry key="e"><ask xmlns="">entry</ask></localEntry>'
    const xml = `<task name="t"><property name="registryKey" value="e"/></task>`
    await using running = await RunningTask.start(entry + xml + saying('main', '//ask'))
    await eventually(() => expect(running.said()).toEqual(['entry']))
  })
})

describe('what is wrong with a task', () => {
  const findings = (xml: string): string[] =>
    deployed({ 'test.xml': xml })
      .diagnostics.all()
      .map(toRecord)
      .map(({ code, message }) => `${code}: ${message}`)

  test.each([
    [
      '<task name="t" class="com.example.Job"/>',
      'not-supported: Task t is not supported: it runs the Java class com.example.Job.',
    ],
    ['<task name="t"/>', 'no-effect: Task t does nothing: it has neither property message nor registryKey.'],
    [
      task('', { format: 'text/xml' }),
      'no-effect: property format has no effect: "text/xml" is none of soap11, soap12, pox, get.',
    ],
    [
      task('', { injectTo: 'sequence' }),
      'missing: <task> that injects to a sequence needs property sequenceName.',
    ],
    [task('', { injectTo: 'proxy' }), 'missing: <task> that injects to a proxy needs property proxyName.'],
    [
      task('', { injectTo: 'api' }),
      'bad-value: property injectTo is "api"; expected one of main, sequence, proxy.',
    ],
    [
      task('<trigger cron="* * * * * ?" interval="1"/>', {}),
      'bad-combination: <trigger> takes cron or an interval, not both.',
    ],
    [task('<trigger count="2"/>', {}), 'missing: <trigger> with a count needs attribute interval.'],
    [
      task('<trigger interval="0"/>', {}),
      'bad-value: attribute interval is "0"; expected a number of seconds greater than 0.',
    ],
  ])('%s', (xml, expected) => {
    expect(findings(xml)).toContain(expected)
  })

  test('a cron expression that is none says why', () => {
    expect(findings(task('<trigger cron="every day"/>', {}))[0]).toMatch(
      /^bad-value: attribute cron is "every day"; expected a cron expression of six or seven fields/,
    )
  })
})
