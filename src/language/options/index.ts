import type { OptionEntry } from '../option-registry.ts'
import { collectionOptions } from './options-collections.ts'
import { mockOptions } from './options-mocks.ts'
import { clientOptions } from './options-sdk.ts'
import { serviceOptions } from './options-services.ts'

/** Every option that the systems this gateway takes files of have, and what becomes of it; a file per owner. */
export const optionEntries: readonly OptionEntry[] = [
  ...clientOptions,
  ...collectionOptions,
  ...mockOptions,
  ...serviceOptions,
]
