import { integer, port, text } from '../language/types.ts'
import { boolean, setting } from './setting.ts'

/** The management API, and how the gateway is taken out of service. */
export const managementSettings = {
  'management_api.enable': setting(boolean, true, 'Whether the management API is served.'),
  'management_api.port': setting(port, 9164, 'Port of the management API; 0 takes a free one.'),
  'management_api.host': setting(
    text,
    'localhost',
    'Address the management API binds to. Others than this machine get at it only where there are users, and should do so with TLS.',
  ),
  'management_api.username': setting(
    text,
    undefined,
    'A user of the management API, who may do everything there. There is none by default.',
  ),
  'management_api.password': setting(text, undefined, 'The password of that user.'),
  'internal_apis.file_user_store.enable': setting(
    boolean,
    true,
    'Whether `[[internal_apis.users]]` may use the management API.',
  ),
  'myelin.drain.announce_ms': setting(
    integer({ min: 0, max: 3_600_000 }),
    0,
    'How long requests are still served when the gateway stops, each with `Connection: close`, while the probe says that it is not ready: time for load balancers to turn away, in milliseconds.',
  ),
  'myelin.drain.spread_ms': setting(
    integer({ min: 0, max: 3_600_000 }),
    2_000,
    'Over how long WebSocket clients are closed when the gateway stops, in milliseconds, so that they do not all come back at once elsewhere. It is 2 ms for each client where that is less.',
  ),
  'myelin.drain.close_code': setting(
    integer({ min: 1000, max: 4999 }),
    undefined,
    'Close code for clients when the gateway stops, where their inbound endpoint names none. Default 1012 (service restart) when it is drained or gets SIGTERM, 1001 after Ctrl-C.',
  ),
}
