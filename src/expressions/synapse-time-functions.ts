import { dateFormat } from './date-format.ts'
import { attempt, numberArg, type SynapseFunction, takes, textArg } from './synapse-signature.ts'
import { SynapseError } from './synapse-values.ts'

/** `now` and `formatDateTime`. */
export const timeFunctions: Readonly<Record<string, SynapseFunction>> = {
  now: takes(0, 0, () => Date.now()),
  formatDateTime: takes(2, 3, (when, first, second) => {
    if (second !== undefined) return reformat(textArg(when), textArg(first), textArg(second))
    const date = new Date(numberArg(when))
    return attempt(() => dateFormat(textArg(first), 'DateTimeFormatter').format(date))
  }),
}

function reformat(text: string, from: string, to: string): string {
  return attempt(() => {
    const { date, hasDate, hasTime } = dateFormat(from, 'DateTimeFormatter').parse(text)
    const target = dateFormat(to, 'DateTimeFormatter')
    if ((target.usesDate && !hasDate) || (target.usesTime && !hasTime)) {
      throw new SynapseError(`${to} asks for more than ${from} says`)
    }
    return target.format(date)
  })
}
