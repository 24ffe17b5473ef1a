// Pure. What is asked of the servers of NATS, where there are any: a majority that survives, names that agree, and writes that are kept.
import { permissionsOf } from '#k8s/nats-server.ts'
import { isAble } from '#src/nats/server-version.ts'
import { environmentOf } from './node-policy.ts'
import { type Container, matches, type NetworkPolicySpec, type Peer, type Rule, type Workload, workloads } from './policy.ts'
import type { Resource } from './render.ts'

const SERVERS = 'otp-nats'
const UNITS: Readonly<Record<string, number>> = { Mi: 2 ** 20, Gi: 2 ** 30, MB: 2 ** 20, GB: 2 ** 30 }

const serversOf = (resources: readonly Resource[]): Workload | undefined =>
  workloads(resources).find(({ metadata }) => metadata.name === SERVERS)

/** A rule of servers that are there. */
const ofServers =
  (rule: (servers: Workload, resources: readonly Resource[]) => readonly (string | false)[]): Rule =>
  (resources) => {
    const servers = serversOf(resources)
    return servers === undefined ? [] : rule(servers, resources).filter((problem) => problem !== false)
  }

const named = (resources: readonly Resource[], kind: string, name: string): Record<string, unknown> | undefined =>
  resources.find((each) => each.kind === kind && each.metadata.name === name)?.['spec'] as Record<string, unknown> | undefined

/** The hosts of the servers' pods. */
const hostsOf = ({ spec }: Workload): string[] =>
  Array.from({ length: spec.replicas ?? 1 }, (_, index) => `${SERVERS}-${index}.${spec.serviceName}`)

const containerOf = ({ spec }: Workload): Container => spec.template.spec.containers.find(({ name }) => name === 'nats') as Container

/** The configuration that the servers read. */
function configOf(servers: Workload, resources: readonly Resource[]): string {
  const { volumes = [] } = servers.spec.template.spec
  const map = volumes.find(({ name }) => name === 'config')?.configMap?.name
  const data = resources.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === map)?.['data']
  return (data as Record<string, string> | undefined)?.['nats.conf'] ?? ''
}

const same = (a: readonly string[], b: readonly string[]): boolean => a.toSorted().join() === b.toSorted().join()
const bytes = (text: string): number => Number.parseFloat(text) * (UNITS[text.replace(/^[\d.]+/, '')] ?? 1)
const settingIn = (config: string, name: string): string => new RegExp(`^ *${name}: (\\S+)$`, 'm').exec(config)?.[1] ?? ''

export const NATS_RULES: Readonly<Record<string, Rule>> = {
  /** Whoever is taken away, a majority stays. */
  natsMajority: ofServers(({ spec }, resources) => {
    const { affinity } = spec.template.spec as { affinity?: { podAntiAffinity?: Record<string, readonly { topologyKey: string }[]> } }
    const apart = affinity?.podAntiAffinity?.['requiredDuringSchedulingIgnoredDuringExecution'] ?? []
    return [
      (spec.replicas ?? 1) < 3 && `${spec.replicas} servers are no majority of anything when one is gone`,
      (spec.replicas ?? 1) % 2 === 0 && `${spec.replicas} servers bear no more losses than one less`,
      !apart.some(({ topologyKey }) => topologyKey === 'kubernetes.io/hostname') && 'two servers may share a machine',
      named(resources, 'PodDisruptionBudget', SERVERS)?.['maxUnavailable'] !== 1 && 'one server may be taken away at a time',
      Number(environmentOf(resources)['OTP_NATS_REPLICAS']) !== spec.replicas && 'each write has to be on all servers',
    ]
  }),
  /** Nodes, servers and certificates speak of the same hosts. */
  natsHosts: ofServers((servers, resources) => {
    const hosts = hostsOf(servers)
    const config = configOf(servers, resources)
    const routes = [...config.matchAll(/tls:\/\/([^:\s]+):6222/g)].map((match) => match[1] as string)
    const urls = (environmentOf(resources)['NATS_URL'] ?? '').split(',')
    const { dnsNames = [] } = (named(resources, 'Certificate', SERVERS) ?? {}) as { dnsNames?: string[] }
    const { clusterIP, publishNotReadyAddresses } = named(resources, 'Service', servers.spec.serviceName ?? '') ?? {}
    return [
      !same(routes, hosts) && `routes lead to ${routes.join()}, and the servers are ${hosts.join()}`,
      !same(
        urls,
        hosts.map((host) => `tls://${host}:4222`),
      ) && `NATS_URL is ${urls.join()}, and the servers are ${hosts.join()}`,
      !hosts.every((host) => dnsNames.includes(host)) && `the certificate is for ${dnsNames.join()}, and the servers are ${hosts.join()}`,
      (clusterIP !== 'None' || publishNotReadyAddresses !== true) && 'servers that are not ready yet have to have names',
    ]
  }),
  /** What was acknowledged is kept. */
  natsKept: ofServers((servers, resources) => {
    const config = configOf(servers, resources)
    const claim = servers.spec.volumeClaimTemplates?.[0]
    const mount = containerOf(servers).volumeMounts?.find(({ mountPath }) => mountPath === settingIn(config, 'store_dir'))
    return [
      settingIn(config, 'sync_interval') !== 'always' && 'sync_interval has to be always',
      (claim === undefined || mount?.name !== claim.metadata.name) && 'the store has to lie on the disk that is claimed',
      !(bytes(settingIn(config, 'max_file_store')) < bytes(claim?.spec.resources.requests.storage ?? '')) &&
        'the store has to fit on its disk',
    ]
  }),
  natsAccess: ofServers((servers, resources) => {
    const config = configOf(servers, resources)
    const { OTP_NATS_CLUSTER: cluster = '', OTP_NATS_NKEY_FILE: seed = '', OTP_NATS_CA_FILE: authority = '' } = environmentOf(resources)
    const { publish, subscribe } = permissionsOf(cluster)
    const allowed = [...config.matchAll(/^ *"([^"]+)"$/gm)].map((match) => match[1] as string)
    return [
      !config.includes(`"${cluster}" {`) && `no account ${cluster}`,
      !/^ *users: \$OTP_NATS_USERS$/m.test(config) && 'its users are not those of the Secret',
      !same(allowed, [...publish, ...subscribe]) && 'the user may more than its program does, or less',
      (seed === '' || authority === '') && 'nodes have to sign in, and to know the servers',
      (config.match(/ca_file: /g) ?? []).length !== 2 && 'clients and routes need TLS',
      !config.includes('verify: true') && 'a route has to prove that it is a server',
    ]
  }),
  /** Nodes are clients, servers make routes, and nobody else comes to either; the port without a password is open to nobody. */
  natsNetwork: ofServers((servers, resources) => {
    const own = servers.spec.template.metadata.labels
    const policies = resources.filter(({ kind }) => kind === 'NetworkPolicy').map(({ spec }) => spec as NetworkPolicySpec)
    const entries = policies
      .filter(({ podSelector: { matchLabels = {} } }) => Object.keys(matchLabels).length > 0 && matches(matchLabels, own))
      .flatMap(({ ingress = [] }) => ingress)
    const opened = (port: string): Peer[] =>
      entries.filter(({ ports }) => ports === undefined || ports.some((one) => one.port === port)).flatMap(({ from = [{}] }) => from)
    const only = (port: string, component: string): string | false => {
      const isRight = ({ podSelector, namespaceSelector }: Peer): boolean =>
        namespaceSelector === undefined && podSelector?.matchLabels?.['app.kubernetes.io/component'] === component
      const from = opened(port)
      return (from.length === 0 || !from.every(isRight)) && `${port} has to be open to pods that are ${component}, and to no others`
    }
    return [only('client', 'node'), only('routes', 'nats'), opened('monitor').length > 0 && 'monitor has no password, and is open']
  }),
  /** It has time to give away what it leads, and is of a version that decides as it promises. */
  natsServer: ofServers((servers, resources) => {
    const config = configOf(servers, resources)
    const { image, lifecycle, ports = [] } = containerOf(servers)
    const { terminationGracePeriodSeconds: grace = 30, shareProcessNamespace } = servers.spec.template.spec
    const duckSeconds = ['lame_duck_grace_period', 'lame_duck_duration'].reduce(
      (sum, name) => sum + Number.parseInt(settingIn(config, name), 10),
      0,
    )
    const { preStop } = (lifecycle ?? {}) as { preStop?: { exec?: { command: string[] } } }
    const listens = (name: string, setting: string): boolean =>
      config.includes(`${setting}: 0.0.0.0:${ports.find((port) => port.name === name)?.containerPort}`)
    return [
      !isAble(image.split(':').at(-1) ?? '') && `${image} is too old`,
      !(grace > duckSeconds + 10) && `terminationGracePeriodSeconds is ${grace}, and giving away takes ${duckSeconds}`,
      preStop?.exec?.command.at(-1) !== `ldm=${settingIn(config, 'pid_file')}` && 'it ends without giving away what it leads',
      shareProcessNamespace !== true && 'the reloader cannot signal the server',
      ![listens('client', 'listen'), listens('routes', 'listen'), listens('monitor', 'http')].every(Boolean) &&
        'a port that nobody listens on',
    ]
  }),
}
