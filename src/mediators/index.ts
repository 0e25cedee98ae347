import type { Mediator } from '../language/declare.ts'
import { dropMediator } from './drop.ts'
import { filterMediator } from './filter.ts'
import { inMediator, outMediator } from './in-out.ts'
import { logMediator } from './log.ts'
import { propertyMediator } from './property.ts'
import { propertyGroupMediator } from './property-group.ts'
import { respondMediator } from './respond.ts'
import { sendMediator } from './send.ts'
import { sequenceMediator } from './sequence.ts'
import { switchMediator } from './switch.ts'
import { variableMediator } from './variable.ts'

/** The mediators that are built in. */
export const mediators: readonly Mediator[] = [
  logMediator,
  propertyMediator,
  propertyGroupMediator,
  variableMediator,
  sendMediator,
  respondMediator,
  dropMediator,
  sequenceMediator,
  inMediator,
  outMediator,
  filterMediator,
  switchMediator,
]
