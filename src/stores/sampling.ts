import type { Pipeline, Service } from '../core/ports.ts'
import { restored } from './delivery.ts'
import { inject, type Work } from './processor.ts'

/**
 * Takes stored messages through a sequence.
 *
 * Compatibility: a message is removed before the sequence runs; one that fails there is lost.
 */
export function sampling(service: Service, sequence: Pipeline, concurrency: number): Work {
  return {
    concurrency,
    async one(message, store) {
      await store.remove(message, 'delivered')
      await inject(restored(message, service), sequence)
    },
  }
}
