import { type CronSchedule, cron } from '../language/cron.ts'
import { attribute, type Config, child, type Field } from '../language/field.ts'
import { boolean, Expected, integer, type ValueType } from '../language/types.ts'

/** Seconds, which may have a fraction, in milliseconds. */
const seconds: ValueType<number> = {
  name: 'seconds',
  parse(value) {
    const number = Number(value.trim())
    if (value.trim() === '' || !Number.isFinite(number) || number <= 0)
      throw new Expected('a number of seconds greater than 0')
    return number * 1000
  },
}

const fields = {
  once: attribute(boolean, { doc: 'Runs once, at once.', default: false }),
  interval: attribute(seconds, { doc: 'Seconds from one run to the next.' }),
  count: attribute(integer({ min: -1 }), { doc: 'How often it runs; default and -1: without end.' }),
  cron: attribute(cron, { doc: 'Quartz expression of six or seven fields.' }),
}

/** When a task runs. */
export type Trigger = Config<typeof fields>

const element = child(fields, { doc: 'When it runs; without one, or an empty one, once and at once.' })

/** The `<trigger>` of a task, with the rules that span its attributes. */
export const trigger: Field<Trigger | undefined> = {
  ...element,
  read(name, reader) {
    const { span } = reader.element
    const config = element.read(name, reader)
    if (config?.cron && config.interval !== undefined)
      reader.wrong(span, 'bad-combination', '<trigger> takes cron or an interval, not both.')
    else if ((config?.count ?? 0) > 1 && config?.interval === undefined && !config?.cron)
      reader.wrong(span, 'missing', '<trigger> with a count needs attribute interval.')
    return config
  },
}

/** Gives when a task runs next, from how often it ran and when last; undefined when it is through. */
export function occurrences(
  when: Trigger | undefined,
): (count: number, lastMs: number) => number | undefined {
  const { cron, interval, once, count } = when ?? {}
  if (cron) return byCron(cron)
  const runs = once || interval === undefined ? 1 : count === undefined || count < 1 ? Infinity : count
  return (done, lastMs) => {
    if (done >= runs) return undefined
    return done === 0 ? lastMs : lastMs + interval!
  }
}

/** Gives a trigger as text: equal ones are the same. */
export function planOf(when: Trigger | undefined): string {
  const { cron, interval, once, count } = when ?? {}
  if (cron) return `cron ${cron.text}`
  if (once || interval === undefined) return 'once'
  return `every ${interval} ms, ${count === undefined || count < 1 ? 'without end' : `${count} times`}`
}

function byCron(schedule: CronSchedule): (count: number, lastMs: number) => number | undefined {
  return (_count, lastMs) => schedule.after(lastMs)
}
