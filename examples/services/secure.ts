// TLS on a port of its own. A certificate for a try stands beside the service:
//   openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout examples/services/private.key -out examples/services/public.crt
//   bin/myelin run examples/services/secure.ts
//   node --conditions=myelin-source examples/client/tls.ts
import { service } from 'myelin'

export default service({
  basePath: '/basic/ws',
  listen: {
    port: 9443,
    secureSocket: { key: { certFile: 'public.crt', keyFile: 'private.key' } },
  },
  onMessage: (_caller, data: string | Buffer) => data,
})
