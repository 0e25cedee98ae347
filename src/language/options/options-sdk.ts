import type { OptionEntry } from '../option-registry.ts'

function honoured(id: string, where: string, options: string): OptionEntry[] {
  return options.split(' ').map(option => ({ id, option, status: 'honoured' as const, as: option, where }))
}

function mapped(id: string, where: string, option: string, as: string): OptionEntry {
  return { id, option, status: 'mapped', as, where }
}

/** The options of `connect`, and what a client and its errors have. */
export const clientOptions: readonly OptionEntry[] = [
  ...honoured('B-65', 'connect', 'subProtocols'),
  ...honoured('B-66', 'connect', 'customHeaders'),
  ...honoured('B-67', 'connect', 'readTimeout writeTimeout'),
  ...honoured('B-68', 'connect', 'handShakeTimeout'),
  mapped('B-68', 'connect', 'handshakeTimeout', 'handShakeTimeout'),
  ...honoured('B-69', 'connect', 'maxFrameSize maxMessageSize compression validation'),
  mapped('B-69', 'connect', 'webSocketCompressionEnabled', 'compression'),
  ...honoured('B-69', 'compression', 'thresholdBytes keepsContext windowBits'),
  ...honoured('B-70', 'connect', 'retryConfig openMessages'),
  ...honoured('B-70', 'retryConfig', 'maxCount interval backOffFactor maxWaitInterval resendOpenMessages'),
  ...honoured('B-71', 'retryConfig', 'retryOn'),
  ...honoured('B-71', 'writeMessage', 'idempotent'),
  ...honoured('B-72', 'connect', 'cookies'),
  ...honoured('B-72', 'cookies', 'name value path'),
  ...honoured('B-73', 'connect', 'auth'),
  ...honoured('B-73', 'auth', 'basic bearer jwt oauth2'),
  ...honoured('B-73', 'auth.basic', 'username password'),
  ...honoured('B-73', 'auth.bearer', 'token'),
  ...honoured(
    'B-73',
    'auth.jwt',
    'issuer username audience jwtId keyId customClaims expTime signatureConfig',
  ),
  ...honoured('B-73', 'auth.jwt.signatureConfig', 'algorithm config'),
  ...honoured('B-73', 'auth.oauth2', 'tokenUrl refreshUrl refreshToken assertion username password clientId'),
  ...honoured('B-73', 'auth.oauth2', 'clientSecret scopes defaultTokenExpTime clockSkew optionalParams'),
  ...honoured('B-73', 'auth.oauth2', 'credentialBearer clientConfig'),
  ...honoured('B-73', 'auth.oauth2.clientConfig', 'customHeaders secureSocket timeout'),
  ...honoured('B-74', 'connect', 'secureSocket'),
  ...honoured('B-74', 'secureSocket', 'enable cert key protocol ciphers verifyHostName serverName'),
  mapped('B-74', 'secureSocket', 'shareSession', 'nothing: each connection has a TLS session of its own'),
  mapped('B-74', 'secureSocket', 'sessionTimeout', 'nothing: a TLS session is not resumed'),
  mapped('B-74', 'secureSocket', 'handshakeTimeout', 'handShakeTimeout, which TLS is part of'),
  {
    id: 'B-74',
    option: 'certValidation',
    status: 'refused',
    as: 'lists of revoked certificates are not asked for',
    where: 'secureSocket',
  },
  ...honoured('B-74', 'secureSocket.key', 'certFile keyFile keyPassword path password'),
  ...honoured('B-74', 'secureSocket.protocol', 'name versions'),
  ...honoured('B-75', 'connect', 'pingPongHandler'),
  ...honoured('B-75', 'pingPongHandler', 'onPing onPong'),
  ...honoured('B-76', 'connect', 'proxy'),
  ...honoured('B-76', 'proxy', 'host port userName password'),
  ...honoured('B-77', 'client', 'close'),
  ...honoured('B-78', 'client', 'ping pong'),
  ...honoured('B-79', 'client', 'setAttribute getAttribute removeAttribute'),
  ...honoured('B-80', 'client', 'getConnectionId getNegotiatedSubProtocol isSecure isOpen getHttpResponse'),
  ...honoured('B-81', 'connect', 'readAheadSize'),
  ...honoured('B-82', 'connect', 'urls'),
  ...honoured('B-88', 'error', 'code closeCode cause'),
]
