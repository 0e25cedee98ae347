import type { Api } from '../api.ts'

/** Tells what became of every message so far. */
export function ledgerRoutes({ on, gateway }: Api): void {
  on('/ledger', { GET: () => gateway.ledger() })
}
