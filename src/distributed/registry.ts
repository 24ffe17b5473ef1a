// The distributed registry: names that are unique in the cluster, read without I/O on every node.
import { CodedError } from '#base'
import type { Cluster } from '#cluster'
import type { Pid, Runtime } from '#process'
import type { Directory } from './directory.ts'
import type { LocalChildren } from './local-children.ts'
import { pidOf, type Reconciler } from './reconciler.ts'
import type { DirectoryRecord } from './record.ts'

/** One name as the registry shows it. */
export interface RegistryEntry {
  readonly name: string
  readonly pid: Pid
  readonly epoch: number
  readonly behaviour: string
}

export type RegisterResult = { readonly ok: true } | { readonly ok: false; readonly reason: 'already_registered'; readonly pid: Pid }

/** The longest name; it travels in every change of its owner. */
export const MAX_NAME_LENGTH = 255

/** Throws `ERR_OTP_DISTRIBUTED_BAD_NAME`. */
export function checkName(name: unknown): asserts name is string {
  if (typeof name === 'string' && name !== '' && name.length <= MAX_NAME_LENGTH) return
  const got = typeof name === 'string' ? `${name.length} characters` : typeof name
  throw new CodedError('ERR_OTP_DISTRIBUTED_BAD_NAME', `expected a name of 1 to ${MAX_NAME_LENGTH} characters, got ${got}`)
}

export class DistributedRegistry {
  readonly #runtime: Runtime
  readonly #cluster: Cluster
  readonly #directory: Directory
  readonly #children: LocalChildren
  readonly #reconciler: Reconciler

  constructor(runtime: Runtime, cluster: Cluster, directory: Directory, children: LocalChildren, reconciler: Reconciler) {
    this.#runtime = runtime
    this.#cluster = cluster
    this.#directory = directory
    this.#children = children
    this.#reconciler = reconciler
  }

  /** The owner of a name, by this node's copy of the directory; names of nodes that are down have none. */
  lookup(name: string): Pid | undefined {
    const record = this.#directory.get(name)
    return record !== undefined && this.#isLive(record) ? pidOf(record) : undefined
  }

  /** Whether the name has an owner, or will have one again: the child of a node that is gone is somebody's to take over. */
  isClaimed(name: string): boolean {
    const record = this.#directory.get(name)
    return record !== undefined && !record.ended && (record.child !== undefined || this.#isLive(record))
  }

  /** Registers a process of this node. The name goes when the process ends, or `unregister` is called. */
  register(name: string, pid: Pid): RegisterResult {
    checkName(name)
    const process = this.#runtime.lookup(pid)
    if (process === undefined) {
      throw new CodedError(
        'ERR_OTP_DISTRIBUTED_NOT_LOCAL',
        `expected a live process of node ${this.#runtime.id} to register as '${name}', got ${pid}`,
      )
    }
    const holder = this.lookup(name)
    if (holder !== undefined) return { ok: false, reason: 'already_registered', pid: holder }
    this.#children.adopt(name, pid)
    this.#reconciler.claim(name, pid, { behaviour: process.body.name, child: undefined, gen: this.#directory.lamport + 1, epoch: 1 })
    this.#runtime.monitor(pid, { down: () => this.#release(name, pid) })
    return { ok: true }
  }

  /** Gives up a name that a process of this node registered; `false` if it is not one. */
  unregister(name: string): boolean {
    const record = this.#directory.get(name)
    if (record === undefined || record.ended || record.owner !== this.#cluster.id || record.child !== undefined) return false
    this.#children.gone(name)
    this.#reconciler.end(record, 'normal')
    return true
  }

  #release(name: string, pid: Pid): void {
    if (this.#children.running(name)?.equals(pid) === true) this.unregister(name)
  }

  /** Live names that begin with `prefix`, in order, after `after`; at most `limit`. */
  entries(prefix = '', limit = Number.POSITIVE_INFINITY, after = ''): RegistryEntry[] {
    const entries: RegistryEntry[] = []
    for (const record of this.#directory.records()) {
      if (record.key > after && record.key.startsWith(prefix) && this.#isLive(record)) {
        entries.push({ name: record.key, pid: pidOf(record), epoch: record.epoch, behaviour: record.behaviour })
      }
    }
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, limit)
  }

  /** How many live names there are in the cluster. */
  count(): number {
    let count = 0
    for (const record of this.#directory.records()) if (this.#isLive(record)) count++
    return count
  }

  /** Live names by their owner's node. */
  countByNode(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const record of this.#directory.records()) {
      if (this.#isLive(record)) counts.set(record.owner, (counts.get(record.owner) ?? 0) + 1)
    }
    return counts
  }

  #isLive(record: DirectoryRecord): boolean {
    return !record.ended && this.#cluster.alive.has(record.owner)
  }
}
