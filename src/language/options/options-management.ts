import { behaviour, honoured, mapped, type OptionEntry, refused } from '../option-registry.ts'

const EXPLAINED =
  'myelin explain lists what services were compiled to, and myelin validate what is wrong with them'
const PARTS = 'it is not listed by a gateway that runs; it is in the files of the configuration'
const IN_SETTINGS = 'users stand in [[internal_apis.users]] of deployment.toml'

const NO_METRICS = 'there are no metrics for Prometheus; the counters are in the ledger of the management API'

/** Resources of the management API of the original that are not there, each with what to use. */
const ABSENT: Readonly<Record<string, string>> = {
  '/apis': EXPLAINED,
  '/proxy-services': EXPLAINED,
  '/inbound-endpoints': EXPLAINED,
  '/endpoints': PARTS,
  '/sequences': PARTS,
  '/templates': PARTS,
  '/tasks': PARTS,
  '/local-entries': PARTS,
  '/logging': 'the level of the log is the setting myelin.log.level',
  '/connectors': 'operations of connectors do not run',
  '/users': IN_SETTINGS,
  '/roles': IN_SETTINGS,
  '/metadata': EXPLAINED,
  '/applications': 'archives are read as the files they hold; myelin validate lists them',
}

/** How a gateway is looked after. */
export const managementOptions: readonly OptionEntry[] = [
  ...honoured('W-89', 'management', '/login /logout /server /message-stores /message-processors'),
  ...honoured('W-89', 'management', '/dead-letters /ledger /drain /nodes /sessions'),
  ...Object.entries(ABSENT).map(([path, as]) => refused('W-89', 'management', path, as)),
  behaviour('W-90', 'login', 'gives a token for a password; users without rights look, and change nothing'),
  mapped('W-91', 'mi', 'mi get message-stores', 'myelin stores'),
  mapped(
    'W-91',
    'mi',
    'mi activate, mi deactivate',
    'myelin processors activate NAME, myelin processors deactivate NAME',
  ),
  mapped('W-91', 'mi', 'mi get apis', EXPLAINED),
  refused('W-91', 'mi', 'mi update log-level', 'the level of the log is the setting myelin.log.level'),
  ...honoured('W-91', 'command', 'stores processors dead-letters ledger drain explain validate'),
  ...honoured('W-92', 'probe', '/healthz /liveness'),
  refused('W-92', 'probe', '/metric-service/metrics', NO_METRICS),
  refused('B-89', 'probe', '/metrics', NO_METRICS),
  ...honoured('W-92', 'setting', 'management.probe.enable management.probe.port'),
  refused('W-93', 'management', '/inbound-endpoints', EXPLAINED),
  mapped(
    'W-93',
    'inbound endpoint',
    'activate, deactivate',
    'attach and detach of a program; suspend in a configuration',
  ),
  mapped(
    'W-94',
    'gateway',
    'hot deployment',
    'myelin drain and myelin run anew; certificates and mocks are read anew while it runs',
  ),
  mapped(
    'W-95',
    'gateway',
    'correlation and access logs',
    'myelin.log.wire and the ledger; refusals are in the log',
  ),
  ...honoured('W-95', 'setting', 'myelin.log.wire'),
  behaviour('W-96', 'deployment.toml', 'is read; a setting that counts for nothing is a warning'),
  behaviour(
    'W-97',
    'errors in a configuration',
    'have file, line and column; validate ends with exit code 1',
  ),
  ...honoured('W-97', 'setting', 'myelin.strict'),
]

/** What is told to those who ask for what is not there, by place and path. */
export function absentResources(where: 'management' | 'probe'): ReadonlyMap<string, string> {
  const absent = managementOptions.filter(entry => entry.where === where && entry.status === 'refused')
  return new Map(absent.map(({ option, as }) => [option, as]))
}
