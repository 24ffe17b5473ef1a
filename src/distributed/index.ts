// distributed: the directory, the registry and the supervisor of the whole cluster.
export { Directory } from './directory.ts'
export { type Distributed, type DistributedRegistryStart, type DistributionOptions, distributed } from './distributed.ts'
export {
  type DistributedChild,
  type DistributedChildCounts,
  type DistributedStartResult,
  DistributedSupervisor,
} from './dynamic-supervisor.ts'
export type { DistributedEvents } from './events.ts'
export type { MemberList } from './members.ts'
export { type DistributionStrategy, uniform, uniformQuorum, uniformRandom } from './placement.ts'
export { PLACEMENT } from './placement-server.ts'
export { Reconciler } from './reconciler.ts'
export type { ProcessRedistribution } from './redistributor.ts'
export { DistributedRegistry, type RegisterResult, type RegistryEntry } from './registry.ts'
export type { RelocationOptions } from './relocation.ts'
export { type QuarantinedChild, Relocator } from './relocator.ts'
export { Replicator, type ReplicatorTimes } from './replicator.ts'
export { RULES, type Rules } from './rules.ts'
