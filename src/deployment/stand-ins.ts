import { Fault } from '../core/fault.ts'
import type { Endpoint, Pipeline, SequenceTemplate } from '../core/ports.ts'
import { STOP } from '../core/step.ts'
import { describeMessage } from '../mediators/log.ts'
import { whole } from '../sequences/whole.ts'

/** Stands for a sequence that is not there: reaching it is fault 0. */
export function missingSequence(name: string): Pipeline {
  return failing(`Sequence named ${name} cannot be found`)
}

/** Stands for a template that is not there: calling it is fault 0. */
export function missingTemplate(name: string): SequenceTemplate {
  return { name, parameters: [], body: failing(`Sequence template ${name} cannot be found`) }
}

/** Stands for an endpoint that is not there: sending to it is fault 305100. */
export function missingEndpoint(name: string): Endpoint {
  return {
    name,
    deliver() {
      throw new Fault(305100, `endpoint ${name} cannot be found`)
    },
  }
}

function failing(message: string): Pipeline {
  return {
    run() {
      throw new Fault(0, message)
    },
  }
}

/** The main sequence of a deployment that defines none: logs the message and drops it. */
export const builtInMain: Pipeline = {
  run: whole(ctx => {
    ctx.ending = 'dropped'
    ctx.log.info({ sequence: 'main' }, ctx.service.label + describeMessage(ctx))
    return STOP
  }),
}
