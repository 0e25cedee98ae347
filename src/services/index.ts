export type { XmlElement } from '../message/xml/tree.ts'
export type { MessageSchema, View } from './binding.ts'
export type { Caller } from './caller.ts'
export { type CloseFrame, close, closeCodes } from './close-frame.ts'
export {
  type Annotations,
  annotated,
  type BoundHook,
  bound,
  type Hook,
  type ServiceDefinition,
  type ServiceHooks,
  type ServiceMessage,
  type StepMap,
  sendText,
  service,
  streamed,
} from './define-service.ts'
export type { MessageChunks } from './message-chunks.ts'
export type { ResourceRequest } from './resource-request.ts'
export type { CallerGroups, CallerSessions, SessionAccess, SessionGroupsAccess } from './session-access.ts'
export { accept, type ResourceAnswer, reject, respond } from './upgrade-answer.ts'
export type { UpgradeRequest } from './upgrade-request.ts'
