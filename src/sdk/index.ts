export * from '../services/index.ts'
export * from '../services/web-socket-error.ts'
export { WebSocketError as Error } from '../services/web-socket-error.ts'
export type {
  Auth,
  BasicAuth,
  BearerAuth,
  ClientCredentialsGrant,
  JwtAuth,
  JwtBearerGrant,
  OAuth2Auth,
  PasswordGrant,
  RefreshTokenGrant,
  SignatureAlgorithm,
  SignatureConfig,
} from './auth-options.ts'
export type { Client, WriteOptions } from './client.ts'
export type { Closed } from './client-link.ts'
export type {
  ClientOptions,
  Compression,
  PingPongHandler,
  Proxy,
  RetryConfig,
  RetryReason,
} from './client-options.ts'
export { CollectionClient, CollectionConnection, loadCollection } from './collection.ts'
export { connect } from './connect.ts'
export type { Cookie } from './cookies.ts'
export type { MockServer, MockServerOptions } from './mock.ts'
export { mock } from './mock-on-demand.ts'
export type { Schema, SchemaIssue, SchemaResult, StandardSchema } from './schema.ts'
export type { CertificateFiles, SecureSocket, Store } from './secure-socket.ts'
export type { Servable, ServeOptions, ServiceServer } from './serve.ts'
export { serve } from './serve-on-demand.ts'
