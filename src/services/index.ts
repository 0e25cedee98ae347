export type { MessageSchema } from './binding.ts'
export type { Caller, CallerGroups, CallerSessions } from './caller.ts'
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
} from './define-service.ts'
export type { ResourceRequest } from './resource-request.ts'
export { accept, type ResourceAnswer, reject, respond } from './upgrade-answer.ts'
export type { UpgradeRequest } from './upgrade-request.ts'
