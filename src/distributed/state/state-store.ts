// The port of durable state: keeps the last state of each name under the token of its owner. Who implements it owes what is written here.
import type { Clock } from '#base'
import type { Cluster } from '#cluster'
import type { NodeId } from '#process'
import type { CopyTable } from './copy-table.ts'
import type { BirthId, Fence, StoredState } from './fence.ts'
import type { Relay } from './relay.ts'

/** How `open` ended. `fenced`: another's token is greater, and it is this one. */
export type OpenResult =
  | { readonly ok: true; readonly stored: StoredState | undefined }
  | { readonly ok: false; readonly reason: 'fenced'; readonly by: Fence }

export type WriteResult = { readonly ok: true } | { readonly ok: false; readonly reason: 'fenced'; readonly by: Fence }

export interface StateStore {
  /** A label in metrics: lower-case letters. */
  readonly name: string
  /** No birth that it knows is later: the births of this cluster have to come after it. 0 where what is kept never outlives the cluster. */
  readonly lastGen: number
  /**
   * Makes `fence` the token of its birth, wherever states of the name may lie, and answers the newest state of that birth; with `inherits`, of any
   * birth up to that one. When it has answered, no write succeeds that the token shuts out, and none that had succeeded is missing in the
   * answer. It takes as long as it needs to be sure; rejects only if it cannot be. Later births shut it out, up to `fence.over` excepted.
   */
  open(key: string, fence: Fence, inherits: boolean): Promise<OpenResult>
  /** What was written last here of a birth, under any token, without asking anybody. */
  read(key: string, birth: BirthId): StoredState | undefined
  /** Resolves when the state is as safe as this store makes it. Later writes of a name have higher numbers. Rejects if it may not be safe. */
  write(key: string, state: StoredState): Promise<WriteResult>
  /** This node does not own the name any more under this token; what was written stays for whoever opens it next. */
  release(key: string, fence: Fence): void
  /** The birth is over: its state, and that of births before it, is dropped wherever it lies. */
  forget(key: string, gen: number): void
  /** Waits until what others need of this node is elsewhere, within reason, and frees what it holds. Nothing is asked of it afterwards. */
  close(): Promise<void>
}

/** What a node gives the store that is made for it. */
export interface StateStoreContext {
  readonly id: NodeId
  readonly clock: Clock
  readonly cluster: Cluster
  readonly relay: Relay
  /** The node to which a name would fall if only these were left; `undefined` if there is none. */
  readonly heirOf: (key: string, gen: number, candidates: readonly NodeId[]) => NodeId | undefined
  readonly copies: CopyTable
}

/** For `createNode({ stateStore })`. */
export type StateStoreFactory = (context: StateStoreContext) => StateStore
