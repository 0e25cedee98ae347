import type { ServedService } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import { guarded } from '../sequences/pipeline.ts'
import type { DeployContext } from './deploy.ts'
import type { NameTable } from './link.ts'

/** Makes the service of HTTP requests that no other is for: the sequence `main`, for them and for the replies. */
export function mainService(
  names: NameTable,
  { log, counters }: Pick<DeployContext, 'log' | 'counters'>,
  span: Span,
): ServedService {
  const fault = names.faultSequence(undefined)
  const main = guarded(names.mainSequence(undefined), fault)
  const service = {
    name: 'main',
    kind: 'sequence',
    label: '',
    deployment: names,
    log,
    counters: counters('sequence main'),
    on: { message: main },
    outflow: main,
    outDispatch: main,
    outFault: fault,
    outKey: 'main',
  } as const
  return { service, listener: 'http', path: '/*', span }
}
