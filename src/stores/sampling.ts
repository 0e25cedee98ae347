import type { Pipeline, Service } from '../core/ports.ts'
import { restored } from './deactivation.ts'
import { inject } from './inject.ts'
import type { Work } from './processor-run.ts'

/**
 * Takes stored messages through a sequence.
 *
 * Compatibility: a message is removed before the sequence runs; one that fails there is lost.
 */
export function sampling(
  service: Service,
  sequence: Pipeline,
  concurrency: number,
): Pick<Work, 'one' | 'concurrency'> {
  return {
    concurrency,
    async one(taken) {
      await taken.remove('delivered')
      await inject(restored(taken.message, service), sequence)
    },
  }
}
