import type { OptionEntry } from '../option-registry.ts'
import { collectionOptions } from './options-collections.ts'
import { contextOptions } from './options-context.ts'
import { hookOptions, togetherOptions } from './options-hooks.ts'
import { inboundOptions } from './options-inbound.ts'
import { languageOptions } from './options-language.ts'
import { managementOptions } from './options-management.ts'
import { mockOptions } from './options-mocks.ts'
import { clientOptions } from './options-sdk.ts'
import { serviceOptions } from './options-services.ts'

/** Every option that the systems this gateway takes files of have, and what becomes of it; a file per owner. */
export const optionEntries: readonly OptionEntry[] = [
  ...inboundOptions,
  ...contextOptions,
  ...languageOptions,
  ...managementOptions,
  ...serviceOptions,
  ...hookOptions,
  ...clientOptions,
  ...mockOptions,
  ...collectionOptions,
  ...togetherOptions,
]
