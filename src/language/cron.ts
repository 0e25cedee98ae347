import { Cron } from 'croner'
import { Expected, type ValueType } from './types.ts'

/** Points in time that a Quartz expression describes. */
export interface CronSchedule {
  readonly text: string
  /** Gives the first point after a time, both in milliseconds since 1970; undefined when there is none any more. */
  after(timeMs: number): number | undefined
}

/** A Quartz cron expression: seconds, minutes, hours, day of month, month, day of week and perhaps the year. */
export const cron: ValueType<CronSchedule> = {
  name: 'cron expression',
  parse(value) {
    const text = value.trim()
    try {
      const schedule = new Cron(text, {
        mode: '6-or-7-parts',
        sloppyRanges: true,
        alternativeWeekdays: true,
      })
      return { text, after: timeMs => schedule.nextRun(new Date(timeMs))?.getTime() }
    } catch (error) {
      const reason = (error as Error).message.replace(/^Cron\w*: /, '').replace(/\.$/, '')
      throw new Expected(`a cron expression of six or seven fields, such as 0 0/5 * * * ? (${reason})`)
    }
  },
}
