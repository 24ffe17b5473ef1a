// From configuration to the topologies of a node.
import {
  type DnsTopologyOptions,
  defaultRuntimeDirectory,
  dnsTopology,
  type GossipTopologyOptions,
  gossipTopology,
  type KubernetesTopologyOptions,
  kubernetesTopology,
  localTopology,
  type SecretSource,
  staticTopology,
  type TopologyStrategy,
} from '#cluster'

export const TOPOLOGY_NAMES = ['local', 'static', 'gossip', 'dns', 'kubernetes'] as const
export type TopologyName = (typeof TOPOLOGY_NAMES)[number]

/** What topologies are made from; what was left out takes the topology's own default. */
export interface TopologySettings {
  readonly cluster: string
  readonly secret: string | SecretSource | undefined
  readonly runtimeDirectory: string | undefined
  readonly staticPeers: readonly string[]
  readonly gossip: Omit<GossipTopologyOptions, 'secret' | 'cluster'>
  readonly dns: Partial<DnsTopologyOptions>
  readonly kubernetes: KubernetesTopologyOptions
}

/** Throws a `CodedError` that says what is wrong with its settings. */
export function topologyFrom(name: TopologyName, settings: TopologySettings): TopologyStrategy {
  const { cluster, secret = '', runtimeDirectory = defaultRuntimeDirectory(), staticPeers, gossip, dns, kubernetes } = settings
  switch (name) {
    case 'local':
      return localTopology({ directory: runtimeDirectory })
    case 'static':
      return staticTopology({ addresses: staticPeers })
    case 'gossip':
      return gossipTopology({ ...gossip, secret, cluster })
    case 'dns':
      return dnsTopology({ name: '', ...dns })
    case 'kubernetes':
      return kubernetesTopology(kubernetes)
    default:
      return name satisfies never
  }
}
