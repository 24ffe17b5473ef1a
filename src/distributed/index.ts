// distributed: the directory, the registry and the supervisor of the whole cluster.

export type {
  Arbiter,
  ArbiterContext,
  ArbiterFactory,
  Claimant,
  ClaimOp,
  ClaimOutcome,
  ClaimResult,
  Grant,
  Lease,
  LeaseState,
  LeaseStatus,
  Released,
} from './arbiter/arbiter.ts'
export type { KeyValue, KeyValueEntry } from './arbiter/key-value.ts'
export { leaseTimes } from './arbiter/lease.ts'
export { type LeasedArbiterOptions, leasedArbiter } from './arbiter/leased-arbiter.ts'
export {
  type DistributedChild,
  type DistributedChildCounts,
  type DistributedStartResult,
  DistributedSupervisor,
} from './children/dynamic-supervisor.ts'
export type { MemberList } from './children/members.ts'
export {
  type DistributionStrategy,
  STRATEGIES,
  uniform,
  uniformQuorum,
  uniformRandom,
  uniformZones,
  type ZoneOf,
} from './children/placement.ts'
export { type MoveResult, PLACEMENT } from './children/placement-server.ts'
export type { Held, MoveReason, PlannedMove, ProcessRedistribution, RebalanceOptions } from './children/rebalance-plan.ts'
export { Reconciler } from './children/reconciler.ts'
export { type PlacementPlan, Redistributor } from './children/redistributor.ts'
export type { RelocationOptions } from './children/relocation.ts'
export { type QuarantinedChild, Relocator } from './children/relocator.ts'
export { Directory } from './directory/directory.ts'
export { Replicator, type ReplicatorTimes } from './directory/replicator.ts'
export { RULES, type Rules } from './directory/rules.ts'
export {
  type Distributed,
  type DistributedRegistryStart,
  type DistributionOptions,
  distributed,
  type HandoffLimits,
} from './distributed.ts'
export type { DistributedEvents, HandoffPhase, HandoffReason } from './events.ts'
export { DRAIN_CONCURRENCY, DRAIN_MS, type DrainOptions, type DrainReport } from './handoff/drain.ts'
export { Handoffs } from './handoff/handoffs.ts'
export { HANDOFF_RULES, type HandoffRules } from './handoff/rules.ts'
export type { HandoffUnderWay } from './handoff/under-way.ts'
export { DistributedRegistry, type RegisterResult, type RegistryEntry } from './registry/registry.ts'
export type { Blobs } from './state/blobs.ts'
export type { Fence, StoredState } from './state/fence.ts'
export { type KeyValueStateStoreOptions, keyValueStateStore } from './state/key-value-store.ts'
export { type MemoryStateStoreOptions, memoryStateStore } from './state/memory-store.ts'
export { type SqliteStateStoreOptions, sqliteStateStore } from './state/sqlite-store.ts'
export type { OpenResult, StateStore, StateStoreContext, StateStoreFactory, WriteResult } from './state/state-store.ts'
