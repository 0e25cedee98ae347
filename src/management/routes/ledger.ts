import type { Api } from '../api.ts'

/** Tells what became of every message so far. */
export function ledgerRoutes({ on, whole }: Api): void {
  on('/ledger', { GET: () => whole.ledger() })
}
