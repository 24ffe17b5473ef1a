// distributed: the directory, the registry and the supervisor of the whole cluster.
export { Directory } from './directory.ts'
export { type DistributedStartResult, DistributedSupervisor, PLACEMENT } from './dynamic-supervisor.ts'
export type { DistributedEvents } from './events.ts'
export { LocalChildren } from './local-children.ts'
export { type DistributionStrategy, uniform } from './placement.ts'
export { Reconciler } from './reconciler.ts'
export { DistributedRegistry, type RegisterResult, type RegistryEntry } from './registry.ts'
export { Replicator, type ReplicatorTimes } from './replicator.ts'
