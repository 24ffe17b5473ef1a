// cluster: links between nodes, who is a member, and messages to processes elsewhere.

export { isLoopback } from './address.ts'
export { Cluster } from './cluster.ts'
export type { ClusterOptions } from './cluster-options.ts'
export { decodeData, encodeData } from './data-codec.ts'
export type { ClusterEvents, MembershipCause, MembershipChange, RefusalReason } from './events.ts'
export { BadFrame, list, text, whole } from './frame-check.ts'
export { localSecret } from './local-secret.ts'
export {
  type Change,
  MEMBERSHIP_RULES,
  type Member,
  type MemberStatus,
  type Membership,
  type MembershipRules,
  type MembershipTimes,
} from './membership.ts'
export { NodeMonitor, type NodeNews } from './node-monitor.ts'
export { checkNodeName, incarnationOf, nodeId, nodeName } from './node-name.ts'
export { packedSize } from './packed-size.ts'
export { plainData } from './plain-data.ts'
export { RemoteRouter } from './remote-router.ts'
export { type SecretOption, type SecretSource, secretsFromFile } from './secrets.ts'
export { type TlsFiles, type TlsOptions, type TlsSource, tlsFromFiles } from './tls.ts'
export { TokenBucket } from './token-bucket.ts'
export type { TopologyState } from './topology/discovery.ts'
export { type DnsTopologyOptions, dnsTopology } from './topology/dns.ts'
export { type GossipTopologyOptions, gossipTopology } from './topology/gossip.ts'
export { type KubernetesTopologyOptions, kubernetesTopology } from './topology/kubernetes.ts'
export { localTopology } from './topology/local.ts'
export { isSameProcess, processStartTime } from './topology/os-process.ts'
export { defaultRuntimeDirectory, privateDirectory } from './topology/runtime-directory.ts'
export { staticTopology } from './topology/static.ts'
export type {
  RunningTopology,
  TopologyFacts,
  TopologyListener,
  TopologyRefusal,
  TopologySelf,
  TopologyStrategy,
} from './topology/strategy.ts'
export type { PeerTraffic } from './traffic.ts'
export { CuttableTransport } from './transport/cuttable.ts'
export type { Limits } from './transport/link-limits.ts'
export { MemoryNetwork } from './transport/memory.ts'
export { TcpTransport } from './transport/tcp.ts'
export type { DialFailure, Frame, Link, Transport, TransportListener } from './transport/transport.ts'
