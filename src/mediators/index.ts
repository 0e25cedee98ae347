import type { Mediator } from '../language/declare.ts'
import { aggregateMediator } from './aggregate.ts'
import { builderMediator } from './builder.ts'
import { cacheMediator } from './cache.ts'
import { callMediator } from './call.ts'
import { callTemplateMediator } from './call-template.ts'
import { calloutMediator } from './callout.ts'
import { classMediator } from './class.ts'
import { cloneMediator } from './clone.ts'
import { closeMediator } from './close.ts'
import { conditionalRouterMediator } from './conditional-router.ts'
import { dataMapperMediator } from './datamapper.ts'
import { dropMediator } from './drop.ts'
import { enqueueMediator } from './enqueue.ts'
import { enrichMediator } from './enrich.ts'
import { bamMediator, eventMediator, eventPublisherMediator } from './event.ts'
import { filterMediator } from './filter.ts'
import { forEachMediator } from './for-each.ts'
import { headerMediator } from './header.ts'
import { inMediator, outMediator } from './in-out.ts'
import { iterateMediator } from './iterate.ts'
import { joinGroupMediator, leaveGroupMediator } from './join-group.ts'
import { jsonTransformMediator } from './jsontransform.ts'
import { logMediator } from './log.ts'
import { loopbackMediator } from './loopback.ts'
import { makeFaultMediator } from './make-fault.ts'
import { payloadFactoryMediator } from './payload-factory.ts'
import { propertyMediator } from './property.ts'
import { propertyGroupMediator } from './property-group.ts'
import { publishEventMediator } from './publish-event.ts'
import { respondMediator } from './respond.ts'
import { rewriteMediator } from './rewrite.ts'
import { routerMediator } from './router.ts'
import { rulesMediator } from './rules.ts'
import { scatterGatherMediator } from './scatter-gather.ts'
import { scriptMediator } from './script.ts'
import { sendMediator } from './send.ts'
import { sendToGroupMediator, sendToSessionMediator } from './send-to-group.ts'
import { sequenceMediator } from './sequence.ts'
import { storeMediator } from './store.ts'
import { switchMediator } from './switch.ts'
import { throttleMediator } from './throttle.ts'
import { throwErrorMediator } from './throw-error.ts'
import { transactionMediator } from './transaction.ts'
import { validateMediator } from './validate.ts'
import { variableMediator } from './variable.ts'
import { xqueryMediator } from './xquery.ts'
import { fastXsltMediator, xsltMediator } from './xslt.ts'

/** The mediators that are built in. */
export const mediators: readonly Mediator[] = [
  logMediator,
  propertyMediator,
  propertyGroupMediator,
  variableMediator,
  headerMediator,
  makeFaultMediator,
  jsonTransformMediator,
  sendMediator,
  respondMediator,
  dropMediator,
  closeMediator,
  joinGroupMediator,
  leaveGroupMediator,
  sendToGroupMediator,
  sendToSessionMediator,
  sequenceMediator,
  inMediator,
  outMediator,
  filterMediator,
  switchMediator,
  cloneMediator,
  iterateMediator,
  forEachMediator,
  aggregateMediator,
  scatterGatherMediator,
  scriptMediator,
  validateMediator,
  xsltMediator,
  fastXsltMediator,
  xqueryMediator,
  rewriteMediator,
  payloadFactoryMediator,
  enrichMediator,
  callMediator,
  callTemplateMediator,
  loopbackMediator,
  throwErrorMediator,
  bamMediator,
  eventMediator,
  eventPublisherMediator,
  builderMediator,
  cacheMediator,
  calloutMediator,
  classMediator,
  conditionalRouterMediator,
  dataMapperMediator,
  enqueueMediator,
  publishEventMediator,
  routerMediator,
  rulesMediator,
  storeMediator,
  throttleMediator,
  transactionMediator,
]
