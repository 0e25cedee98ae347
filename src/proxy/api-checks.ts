import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Step } from '../core/step.ts'
import type { Build } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import type { Reference } from '../language/types.ts'
import { whole } from '../sequences/whole.ts'
import { ApiDescription, type Described } from './api-description.ts'

/** What looks at the messages of an API before its sequences do. */
export interface ApiChecks {
  /** @throws Fault 0 for a request that is not as described */
  readonly request: Step
  /** @throws Fault 0 for an answer that is not as described */
  readonly response: Step
}

/** Makes the checks of `validateSchema`; what is wrong with the description is reported. */
export function apiChecks(
  { name, description }: { readonly name: string; readonly description: Reference | undefined },
  build: Build,
  span: Span,
): ApiChecks | undefined {
  if (!description) {
    const message = `validateSchema of API ${name} has no effect: publishSwagger names no description.`
    build.warning(span, 'no-effect', message)
    return undefined
  }
  const entry = build.deployment.entry(description.name)
  if (!entry) return { request: missing(description.name), response: missing(description.name) }
  try {
    const described = ApiDescription.parse(entry.text)
    return {
      request: whole(ctx => {
        refuse('request', described.problemsOfRequest(messageOf(ctx)))
      }),
      response: whole(ctx => {
        refuse('response', described.problemsOfResponse(messageOf(ctx), ctx.transportIfAny?.status ?? 200))
      }),
    }
  } catch (error) {
    const message = `Messages of API ${name} cannot be checked against ${description.name}: ${(error as Error).message}.`
    build.error(description.span, 'bad-description', message, 'Give it as Swagger 2.0 or OpenAPI 3 in JSON.')
    return undefined
  }
}

function messageOf({ message: { content }, origin: { request } }: MessageContext): Described {
  return { method: request?.method ?? '', path: request?.rest?.path ?? '/', content }
}

function refuse(what: string, problems: readonly string[]): void {
  if (problems.length === 0) return
  const message = `Schema validation failed for the ${what}: ${problems[0]}`
  throw new Fault(0, message, { detail: problems.join('\n') })
}

function missing(name: string): Step {
  return () => {
    throw new Fault(0, `there is no description ${name}`)
  }
}
