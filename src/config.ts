// Configuration: the environment in, a frozen typed object out, or every problem at once in words a person can act on.
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { CodedError } from '#base'
import { isLoopback, type SecretSource, secretsFromFile, type TlsFiles } from '#cluster'
import { didYouMean } from './did-you-mean.ts'
import { type NatsSettings, natsProblems, natsSettings } from './nats-settings.ts'
import { exitWithinMs, SHUTDOWN_BUDGET } from './shutdown-budget.ts'
import { TOPOLOGY_NAMES, type TopologyName, type TopologySettings, topologyFrom } from './topologies.ts'

const port = z.coerce.number().int().min(0).max(65_535)
const positive = z.coerce.number().int().positive()
const share = z.coerce.number().min(0).max(1)
const list = z
  .string()
  .default('')
  .transform((text) => text.split(',').filter((item) => item !== ''))
const address = z.string().regex(/^[^\s:]+:[0-9]{1,5}$/, 'expected host:port')

const token = z
  .string()
  .regex(/^\S{16,1024}$/, 'expected at least 16 characters without a space')
  .optional()
const webAddress = z
  .string()
  .regex(/^https?:\/\//, 'expected an address that begins with http:// or https://')
  .optional()

/** Every setting: its variable, what it may be, and what it is when nobody sets it. */
const SETTINGS = z.object({
  OTP_NODE_NAME: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, 'expected letters, digits, _ and -, such as n1'),
  OTP_CLUSTER: z.string().min(1).default('otp-labs'),
  OTP_SECRET: z.string().min(16, 'expected at least 16 characters').optional(),
  OTP_SECRET_FILE: z.string().optional(),
  OTP_TLS_CERT_FILE: z.string().optional(),
  OTP_TLS_KEY_FILE: z.string().optional(),
  OTP_TLS_CA_FILE: z.string().optional(),
  OTP_TLS_PEER_NAME: z.string().optional(),
  OTP_CLUSTER_HOST: z.string().default('127.0.0.1'),
  OTP_CLUSTER_PORT: port.default(0),
  OTP_TOPOLOGIES: z
    .string()
    .default('local')
    .transform((list) => list.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(TOPOLOGY_NAMES))),
  OTP_STATIC_PEERS: list.pipe(z.array(address)),
  OTP_GOSSIP_PORT: port.optional(),
  OTP_GOSSIP_ADDRESS: z.string().optional(),
  OTP_GOSSIP_INTERFACE: z.string().optional(),
  OTP_GOSSIP_TTL: z.coerce.number().optional(),
  OTP_DNS_NAME: z.string().optional(),
  OTP_DNS_PORT: port.optional(),
  OTP_DNS_SERVERS: list,
  OTP_DNS_POLL_MS: positive.optional(),
  OTP_KUBERNETES_SERVICE: z.string().optional(),
  OTP_KUBERNETES_SELECTOR: z.string().optional(),
  OTP_KUBERNETES_NAMESPACE: z.string().optional(),
  OTP_KUBERNETES_PORT: z
    .string()
    .transform((text) => (/^\d+$/.test(text) ? Number(text) : text))
    .optional(),
  OTP_RUNTIME_DIR: z.string().optional(),
  OTP_HTTP_HOST: z.string().default('127.0.0.1'),
  OTP_HTTP_PORT: port.default(4000),
  OTP_METRICS_HOST: z.string().default('127.0.0.1'),
  OTP_METRICS_PORT: port.default(9100),
  OTP_OBSERVER_TOKEN: token,
  OTP_OBSERVER_TOKEN_FILE: z.string().optional(),
  OTP_OBSERVER_MANAGE_TOKEN: token,
  OTP_OBSERVER_MANAGE_TOKEN_FILE: z.string().optional(),
  OTP_METRICS_TOKEN: token,
  OTP_METRICS_TOKEN_FILE: z.string().optional(),
  OTP_GRAFANA_URL: webAddress,
  OTP_TRACE_URL: webAddress,
  OTP_RUNBOOK_URL: webAddress,
  OTP_CHAOS: z.enum(['off', 'allowed']).default('off'),
  OTP_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  OTP_LOG_BURST: positive.default(20),
  OTP_TRACES_MESSAGE_RATIO: share.optional(),
  OTP_TRACES_LIFECYCLE_RATIO: share.default(1),
  OTP_TRACES_CLUSTER_RATIO: share.default(1),
  OTP_TRACES_UNTRACEABLE: list,
  OTP_MEMBERS_EXPECTED: positive.optional(),
  OTP_ROLE: z.string().default('node'),
  OTP_ZONE: z.string().default(''),
  OTP_VERSION: z.string().optional(),
  OTP_PLACEMENT: z.enum(['uniform', 'uniform_random', 'uniform_quorum', 'uniform_zones']).default('uniform'),
  OTP_MAX_RESTARTS: z.coerce.number().int().nonnegative().default(100),
  OTP_RESTART_PERIOD_MS: positive.default(5000),
  OTP_DRAIN_MS: positive.default(SHUTDOWN_BUDGET.drainMs),
  OTP_DRAIN_CONCURRENCY: positive.default(64),
  OTP_SHUTDOWN_TIMEOUT_MS: positive.optional(),
  OTP_PROCESS_REDISTRIBUTION: z.enum(['passive', 'active']).default('passive'),
  OTP_REBALANCE_PER_SECOND: positive.default(100),
  OTP_REBALANCE_CONCURRENCY: positive.default(16),
  OTP_ARBITER: z.enum(['optimistic', 'nats']).default('optimistic'),
  OTP_ARBITER_LEASE_MS: z.coerce.number().int().min(3000).max(600_000).default(15_000),
  NATS_URL: list,
  OTP_NATS_CLUSTER: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected letters, digits, _ and -')
    .optional(),
  OTP_NATS_REPLICAS: z.coerce
    .number()
    .pipe(z.literal([1, 3, 5]))
    .default(1),
  OTP_NATS_CREDENTIALS_FILE: z.string().optional(),
  OTP_NATS_NKEY_FILE: z.string().optional(),
  OTP_NATS_CA_FILE: z.string().optional(),
  OTP_NATS_CERT_FILE: z.string().optional(),
  OTP_NATS_KEY_FILE: z.string().optional(),
  OTP_STATE_STORE: z.enum(['none', 'memory', 'sqlite', 'nats']).default('none'),
  OTP_STATE_COPIES: positive.default(1),
  OTP_STATE_DIR: z.string().min(1).optional(),
})

/** Undefined: none is needed, and without one of its own nothing can be managed. */
export interface Tokens {
  readonly read: string | undefined
  readonly manage: string | undefined
  readonly metrics: string | undefined
}

/** `secret` undefined: made and kept in the runtime directory, which only works for nodes of this host. */
export interface Config extends TopologySettings {
  readonly name: string
  /** Undefined: links are not encrypted. */
  readonly tls: TlsFiles | undefined
  readonly clusterHost: string
  readonly clusterPort: number
  readonly topologies: readonly TopologyName[]
  readonly httpHost: string
  readonly httpPort: number
  readonly metricsHost: string
  readonly metricsPort: number
  readonly tokens: Tokens
  /** Addresses outside that the observer's page links to. */
  readonly links: { readonly grafana: string | undefined; readonly trace: string | undefined; readonly runbook: string | undefined }
  /** Whether the workload's faults may be asked for over HTTP. */
  readonly chaosAllowed: boolean
  readonly logLevel: string
  readonly logBurst: number
  /** How much is traced, by scope; of messages undefined: what `OTEL_TRACES_SAMPLER` says. And behaviours whose messages make no spans. */
  readonly traceRatios: { readonly message: number | undefined; readonly lifecycle: number; readonly cluster: number }
  readonly untraceable: readonly string[]
  readonly membersExpected: number | undefined
  readonly role: string
  readonly zone: string
  readonly version: string | undefined
  /** The name of the strategy that says where the cluster's children run. */
  readonly placement: string
  readonly maxRestarts: number
  readonly restartPeriodMs: number
  /** After a request to stop, how long until the OS process ends whatever is left. */
  readonly shutdownTimeoutMs: number
  /** For how long, and how many at a time, children are handed over before that. */
  readonly handoff: { readonly drainMs: number; readonly concurrency: number }
  /** Whether children follow their placement when nodes come, and how many in a second and at a time. */
  readonly processRedistribution: 'passive' | 'active'
  readonly rebalance: { readonly perSecond: number; readonly concurrency: number }
  readonly arbiter: 'optimistic' | 'nats'
  /** Of `nats`: how long a node that is gone keeps its names. */
  readonly arbiterLeaseMs: number
  /** What an arbiter or a store of states is connected with, where one of them is `nats`. */
  readonly nats: NatsSettings | undefined
  readonly stateStore: 'none' | 'memory' | 'sqlite' | 'nats'
  /** Of `memory`. */
  readonly stateCopies: number
  /** Of `sqlite`; undefined: `state` in the runtime directory. */
  readonly stateDirectory: string | undefined
}

/** Reads the settings; throws `ERR_OTP_CONFIG` that lists all that is wrong. Variables that begin with OTP_ and are no setting are errors. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const known = Object.keys(SETTINGS.shape)
  const given = Object.fromEntries(Object.entries(environment).filter(([name, value]) => /^(OTP_|NATS_URL$)/.test(name) && value !== ''))
  const problems = Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name) => `${name} is no setting${didYouMean(name, known)}`)
  const parsed = SETTINGS.safeParse(given)
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0])
    const shown = /SECRET|TOKEN/.test(name) ? '(not shown)' : JSON.stringify(given[name])
    problems.push(given[name] === undefined ? `${name} is needed: ${issue.message}` : `${name}=${shown}: ${issue.message}`)
  }
  const secret = secretFrom(given, problems)
  const tokens: Tokens = {
    read: tokenFrom('OTP_OBSERVER_TOKEN', given, problems),
    manage: tokenFrom('OTP_OBSERVER_MANAGE_TOKEN', given, problems),
    metrics: tokenFrom('OTP_METRICS_TOKEN', given, problems),
  }
  if (parsed.data !== undefined) problems.push(...contradictions(parsed.data, given, secret), ...tokenProblems(parsed.data, tokens))
  if (parsed.data === undefined || problems.length > 0) {
    throw new CodedError('ERR_OTP_CONFIG', `the configuration has ${problems.length} problem(s):\n  ${problems.join('\n  ')}`)
  }
  const s = parsed.data
  return Object.freeze({
    ...topologySettings(s, secret),
    name: s.OTP_NODE_NAME,
    tls: tlsFrom(s),
    clusterHost: s.OTP_CLUSTER_HOST,
    clusterPort: s.OTP_CLUSTER_PORT,
    topologies: s.OTP_TOPOLOGIES,
    httpHost: s.OTP_HTTP_HOST,
    httpPort: s.OTP_HTTP_PORT,
    metricsHost: s.OTP_METRICS_HOST,
    metricsPort: s.OTP_METRICS_PORT,
    tokens,
    links: { grafana: s.OTP_GRAFANA_URL, trace: s.OTP_TRACE_URL, runbook: s.OTP_RUNBOOK_URL },
    chaosAllowed: s.OTP_CHAOS === 'allowed',
    logLevel: s.OTP_LOG_LEVEL,
    logBurst: s.OTP_LOG_BURST,
    traceRatios: { message: s.OTP_TRACES_MESSAGE_RATIO, lifecycle: s.OTP_TRACES_LIFECYCLE_RATIO, cluster: s.OTP_TRACES_CLUSTER_RATIO },
    untraceable: s.OTP_TRACES_UNTRACEABLE,
    membersExpected: s.OTP_MEMBERS_EXPECTED,
    role: s.OTP_ROLE,
    zone: s.OTP_ZONE,
    version: s.OTP_VERSION,
    placement: s.OTP_PLACEMENT,
    maxRestarts: s.OTP_MAX_RESTARTS,
    restartPeriodMs: s.OTP_RESTART_PERIOD_MS,
    shutdownTimeoutMs: s.OTP_SHUTDOWN_TIMEOUT_MS ?? exitWithinMs(s.OTP_DRAIN_MS),
    handoff: { drainMs: s.OTP_DRAIN_MS, concurrency: s.OTP_DRAIN_CONCURRENCY },
    processRedistribution: s.OTP_PROCESS_REDISTRIBUTION,
    rebalance: { perSecond: s.OTP_REBALANCE_PER_SECOND, concurrency: s.OTP_REBALANCE_CONCURRENCY },
    arbiter: s.OTP_ARBITER,
    arbiterLeaseMs: s.OTP_ARBITER_LEASE_MS,
    nats: natsSettings(s),
    stateStore: s.OTP_STATE_STORE,
    stateCopies: s.OTP_STATE_COPIES,
    stateDirectory: s.OTP_STATE_DIR,
  })
}

/** The names of all settings, for the documentation. */
export const SETTING_NAMES: readonly string[] = Object.keys(SETTINGS.shape)

type Settings = z.infer<typeof SETTINGS>
type Secret = string | SecretSource | undefined

function topologySettings(s: Settings, secret: Secret): TopologySettings {
  return {
    cluster: s.OTP_CLUSTER,
    secret,
    runtimeDirectory: s.OTP_RUNTIME_DIR,
    staticPeers: s.OTP_STATIC_PEERS,
    gossip: whatIsSet({
      port: s.OTP_GOSSIP_PORT,
      address: s.OTP_GOSSIP_ADDRESS,
      interface: s.OTP_GOSSIP_INTERFACE,
      ttl: s.OTP_GOSSIP_TTL,
    }),
    dns: whatIsSet({ name: s.OTP_DNS_NAME, port: s.OTP_DNS_PORT, servers: s.OTP_DNS_SERVERS, pollMs: s.OTP_DNS_POLL_MS }),
    kubernetes: whatIsSet({
      service: s.OTP_KUBERNETES_SERVICE,
      selector: s.OTP_KUBERNETES_SELECTOR,
      namespace: s.OTP_KUBERNETES_NAMESPACE,
      port: s.OTP_KUBERNETES_PORT,
    }),
  }
}

function whatIsSet<T extends object>(settings: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as never
}

function contradictions(settings: Settings, given: Readonly<Record<string, string | undefined>>, secret: Secret): string[] {
  const problems: string[] = []
  if (secret === undefined && !isLoopback(settings.OTP_CLUSTER_HOST)) {
    problems.push(`OTP_CLUSTER_HOST=${settings.OTP_CLUSTER_HOST} can be reached by others: set OTP_SECRET or OTP_SECRET_FILE`)
  }
  if (settings.OTP_TOPOLOGIES.includes('static') && settings.OTP_STATIC_PEERS.length === 0) {
    problems.push('OTP_TOPOLOGIES has static: set OTP_STATIC_PEERS to host:port,host:port')
  }
  const { OTP_DRAIN_MS: drainMs, OTP_SHUTDOWN_TIMEOUT_MS: timeoutMs } = settings
  if (timeoutMs !== undefined && timeoutMs <= drainMs) {
    problems.push(
      `OTP_SHUTDOWN_TIMEOUT_MS=${timeoutMs} ends a drain of OTP_DRAIN_MS=${drainMs}: set ${exitWithinMs(drainMs)}, or leave it out`,
    )
  }
  return [
    ...problems,
    ...natsProblems(settings, Object.keys(given)),
    ...tlsProblems(settings),
    ...topologyProblems(settings, given, secret),
  ]
}

function tlsProblems(settings: Settings): string[] {
  const isMeant = Object.entries(settings).some(([name, value]) => name.startsWith('OTP_TLS_') && value !== undefined)
  if (!isMeant || tlsFrom(settings) !== undefined) return []
  return ['TLS needs OTP_TLS_CERT_FILE, OTP_TLS_KEY_FILE and OTP_TLS_CA_FILE: set all three, or nothing that begins with OTP_TLS_']
}

function tlsFrom(settings: Settings): TlsFiles | undefined {
  const { OTP_TLS_CERT_FILE: certFile, OTP_TLS_KEY_FILE: keyFile, OTP_TLS_CA_FILE: caFile, OTP_TLS_PEER_NAME: peerName } = settings
  if (certFile === undefined || keyFile === undefined || caFile === undefined) return undefined
  return { certFile, keyFile, caFile, peerName }
}

/** What contradicts a topology, or is meant for one that is not there. */
function topologyProblems(settings: Settings, given: Readonly<Record<string, string | undefined>>, secret: Secret): string[] {
  const { OTP_TOPOLOGIES: names, OTP_CLUSTER_HOST: host, OTP_GOSSIP_INTERFACE: networkInterface = '' } = settings
  const problems: string[] = []
  for (const variable of Object.keys(given)) {
    const name = TOPOLOGY_NAMES.find((each) => variable.startsWith(`OTP_${each.toUpperCase()}_`))
    if (name !== undefined && !names.includes(name)) problems.push(`${variable} is set, but OTP_TOPOLOGIES has no ${name}`)
  }
  for (const name of new Set(names)) {
    const isAlone = isLoopback(host) && (name === 'kubernetes' || (name === 'gossip' && !isLoopback(networkInterface)))
    if (isAlone) problems.push(`OTP_TOPOLOGIES has ${name}: set OTP_CLUSTER_HOST, since nobody else can reach ${host}`)
    if ((name === 'kubernetes' || name === 'dns') && settings.OTP_CLUSTER_PORT === 0) {
      problems.push(`OTP_TOPOLOGIES has ${name}: set OTP_CLUSTER_PORT to the port on which peers will look for this node`)
    }
    if (name === 'gossip' && secret === undefined) {
      problems.push('OTP_TOPOLOGIES has gossip: set OTP_SECRET or OTP_SECRET_FILE, with which nodes prove who they are')
    } else if (name !== 'static') {
      problems.push(...refusalOf(name, topologySettings(settings, secret)))
    }
  }
  if (new Set(names).size < names.length) problems.push('OTP_TOPOLOGIES has a topology twice')
  return problems
}

/** What a topology itself says of its settings. */
function refusalOf(name: TopologyName, settings: TopologySettings): string[] {
  try {
    topologyFrom(name, settings)
    return []
  } catch (error) {
    if (error instanceof CodedError) return [`OTP_TOPOLOGIES has ${name}: ${error.message}`]
    throw error
  }
}

/** The cluster's secret: a text, or a file that is read again and again, since it may change. */
function secretFrom(given: Readonly<Record<string, string | undefined>>, problems: string[]): Secret {
  return fileOr('OTP_SECRET', given, problems, (file) => {
    const source = secretsFromFile(file)
    const secrets = source()
    if (secrets.length === 0 || secrets.some(({ length }) => length < 16)) {
      problems.push(`OTP_SECRET_FILE=${JSON.stringify(file)}: expected a secret of at least 16 characters in each of its lines`)
    }
    return source
  })
}

/** A token, in a variable or in a file. */
function tokenFrom(name: string, given: Readonly<Record<string, string | undefined>>, problems: string[]): string | undefined {
  return fileOr(name, given, problems, (file) => {
    const text = readFileSync(file, 'utf8').trim()
    if (text.length < 16) problems.push(`${name}_FILE=${JSON.stringify(file)}: expected at least 16 characters in it`)
    return text
  })
}

/** What a variable holds, or what is made of the file that `<name>_FILE` names. */
function fileOr<T>(
  name: string,
  given: Readonly<Record<string, string | undefined>>,
  problems: string[],
  read: (file: string) => T,
): T | string | undefined {
  const [value, file] = [given[name], given[`${name}_FILE`]]
  if (file === undefined) return value
  if (value !== undefined) problems.push(`${name} and ${name}_FILE are both set: set one`)
  try {
    return read(file)
  } catch (error) {
    problems.push(`${name}_FILE=${JSON.stringify(file)} cannot be read: ${(error as Error).message}`)
    return undefined
  }
}

/** Whoever can reach the observer beyond this host needs a token; one that does everything is not one that only reads. */
function tokenProblems({ OTP_HTTP_HOST: host }: Settings, { read, manage, metrics }: Tokens): string[] {
  const problems: string[] = []
  // A header could not carry it.
  if ([read, manage, metrics].some((each) => each !== undefined && /\s/.test(each)))
    problems.push('a token has a space or a new line in it')
  if (read === undefined && !isLoopback(host)) {
    problems.push(`OTP_HTTP_HOST=${host} can be reached by others: set OTP_OBSERVER_TOKEN or OTP_OBSERVER_TOKEN_FILE`)
  }
  if (read !== undefined && read === manage) {
    problems.push('OTP_OBSERVER_TOKEN and OTP_OBSERVER_MANAGE_TOKEN are the same: whoever may look could do anything')
  }
  return problems
}
