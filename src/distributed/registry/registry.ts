// The distributed registry (Horde's): unique names in the whole cluster, each leading to one process. Reads are local.
import { CodedError, type Emitter } from '#base'
import { type Cluster, plainData } from '#cluster'
import type { NodeId, Pid, Process, Runtime, ViaName, Watcher } from '#process'
import type { LocalChildren } from '../children/local-children.ts'
import { pidOf, type Reconciler } from '../children/reconciler.ts'
import type { Directory } from '../directory/directory.ts'
import { checkName } from '../directory/name.ts'
import type { NameIndex } from '../directory/name-index.ts'
import type { DirectoryRecord } from '../directory/record.ts'
import type { Replicator } from '../directory/replicator.ts'
import type { Settings } from '../directory/settings.ts'
import type { DistributedEvents } from '../events.ts'

/** One name as the registry shows it. `value` is what it was registered with; a supervised child, whose id is its name, has none. */
export interface RegistryEntry {
  readonly name: string
  readonly pid: Pid
  readonly value: unknown
  readonly epoch: number
  readonly behaviour: string
}

export type RegisterResult = { readonly ok: true } | { readonly ok: false; readonly reason: 'already_registered'; readonly pid: Pid }

export interface DistributedRegistryOptions {
  readonly runtime: Runtime
  readonly cluster: Cluster
  readonly directory: Directory
  readonly names: NameIndex
  readonly settings: Settings
  readonly children: LocalChildren
  readonly reconciler: Reconciler
  readonly replicator: Replicator
  readonly events: Emitter<DistributedEvents>
}

/** The setting that holds a piece of the registry's metadata. */
const metaKey = (name: string) => `meta/${name}`

export class DistributedRegistry implements Watcher {
  readonly #o: DistributedRegistryOptions
  /** Processes of this node that registered names: each is monitored once. */
  readonly #monitored = new Set<number>()

  constructor(options: DistributedRegistryOptions) {
    this.#o = options
  }

  // ---- one name

  /** The owner of a name, by this node's copy of the directory; names of nodes that are down have none. */
  lookup(name: string): Pid | undefined {
    const record = this.#o.directory.get(name)
    return record !== undefined && this.#isLive(record) ? pidOf(record) : undefined
  }

  /** The same with the value and what else is known. */
  entry(name: string): RegistryEntry | undefined {
    const record = this.#o.directory.get(name)
    return record !== undefined && this.#isLive(record) ? shown(record) : undefined
  }

  /** Whether the name has an owner, or will have one again: the child of a node that is gone is somebody's to take over. */
  isClaimed(name: string): boolean {
    const record = this.#o.directory.get(name)
    return record !== undefined && !record.ended && (record.child !== undefined || this.#isLive(record))
  }

  /**
   * Registers a process of this node. The name goes when the process ends, or `unregister` is called. Should the name turn out to be
   * claimed elsewhere too, one of the two processes ends with `{ shutdown: 'name_conflict' }`. The value is plain data.
   */
  register(name: string, pid: Pid, value?: unknown): RegisterResult {
    checkName(name)
    plainData(value)
    const process = this.#local(pid, name)
    const holder = this.lookup(name)
    if (holder !== undefined) {
      this.#refused('register', name)
      return { ok: false, reason: 'already_registered', pid: holder }
    }
    const { children, reconciler, directory, runtime } = this.#o
    children.adopt(name, process.pid, value)
    reconciler.claim(name, process.pid, {
      behaviour: process.body.name,
      child: undefined,
      value,
      gen: directory.nextBirth(name),
      epoch: 1,
    })
    if (!this.#monitored.has(pid.serial)) {
      this.#monitored.add(pid.serial)
      runtime.monitor(process.pid, this)
    }
    return { ok: true }
  }

  #local(pid: Pid, name: string): Process {
    const process = this.#o.runtime.lookup(pid)
    if (process !== undefined) return process
    throw new CodedError(
      'ERR_OTP_DISTRIBUTED_NOT_LOCAL',
      `expected a live process of node ${this.#o.runtime.id} to register as '${name}', got ${pid}`,
    )
  }

  /** Gives up a name that a process of this node registered; `false` if it is not one. */
  unregister(name: string): boolean {
    return this.unregisterMatch(name, () => true)
  }

  /** The same where `where` says so of the value. */
  unregisterMatch(name: string, where: (value: unknown) => boolean): boolean {
    const record = this.#own(name)
    if (record === undefined || !where(record.value)) {
      this.#refused('unregister', name)
      return false
    }
    this.#o.children.gone(name)
    this.#o.reconciler.end(record, 'normal')
    return true
  }

  #refused(op: 'register' | 'unregister', name: string): void {
    const { events, runtime } = this.#o
    events.emit('registry.refused', { name, op, at: runtime.clock.wall() })
  }

  /** Changes the value of a name that a process of this node registered; `undefined` if it is not one. */
  updateValue(name: string, next: (value: unknown) => unknown): { readonly value: unknown; readonly previous: unknown } | undefined {
    const record = this.#own(name)
    if (record === undefined) return undefined
    const { value: previous } = record
    const value = next(previous)
    plainData(value)
    const pid = pidOf(record)
    this.#o.children.adopt(name, pid, value)
    this.#o.replicator.write({ ...record, value })
    return { value, previous }
  }

  /** The record of a name that a process of this node registered for itself. */
  #own(name: string): DirectoryRecord | undefined {
    const record = this.#o.directory.get(name)
    return record === undefined || record.child !== undefined || !this.#isLive(record) || record.owner !== this.#o.cluster.id
      ? undefined
      : record
  }

  /** A process that registered names has ended: for the runtime. */
  down(_ref: number, pid: Pid): void {
    this.#monitored.delete(pid.serial)
    for (const name of this.keys(pid)) this.unregister(name)
  }

  /** The name of a process that is started on this node, as `name` of its child specification. */
  via(name: string, value?: unknown): ViaName {
    checkName(name)
    return {
      whereis: () => this.lookup(name),
      register: (pid) => void this.register(name, pid, value),
    }
  }

  // ---- all names

  /** The names of a process, wherever it lives; a supervised child's id is one. */
  keys(pid: Pid): readonly string[] {
    return this.#o.cluster.alive.has(pid.node) ? this.#o.names.keysOf(pid) : []
  }

  /** What was registered under a name: one value, or none. */
  values(name: string): readonly unknown[] {
    const entry = this.entry(name)
    return entry === undefined ? [] : [entry.value]
  }

  /** How many live names there are in the cluster. */
  count(): number {
    let count = 0
    for (const id of this.#o.cluster.alive) count += this.#o.names.count(id)
    return count
  }

  /** Live names by their owner's node. */
  countByNode(): Map<NodeId, number> {
    const counts = [...this.#o.cluster.alive].map((id) => [id, this.#o.names.count(id)] as const)
    return new Map(counts.filter(([, count]) => count > 0))
  }

  /** 1 if the name's value is one of which `where` holds, else 0. */
  countMatch(name: string, where: (value: unknown) => boolean): number {
    return this.match(name, where).length
  }

  /** The entry of a name, if `where` holds of its value. */
  match(name: string, where: (value: unknown) => boolean): readonly RegistryEntry[] {
    const entry = this.entry(name)
    return entry !== undefined && where(entry.value) ? [entry] : []
  }

  /** All entries of which `where` holds: a predicate, which the compiler checks, for a match specification. */
  select<T extends RegistryEntry>(where: (entry: RegistryEntry) => entry is T): readonly T[]
  select(where: (entry: RegistryEntry) => boolean): readonly RegistryEntry[]
  select(where: (entry: RegistryEntry) => boolean): readonly RegistryEntry[] {
    const entries: RegistryEntry[] = []
    for (const record of this.#o.directory.records()) {
      if (!this.#isLive(record)) continue
      const entry = shown(record)
      if (where(entry)) entries.push(entry)
    }
    return entries
  }

  countSelect(where: (entry: RegistryEntry) => boolean): number {
    return this.select(where).length
  }

  /** Calls `act` with the entry of a name, where the caller is; not at all if there is none. What it throws is the caller's. */
  dispatch(name: string, act: (entries: readonly [RegistryEntry]) => void): void {
    const entry = this.entry(name)
    if (entry !== undefined) act([entry])
  }

  /** Live names that begin with `prefix`, in order, after `after`; at most `limit`. */
  entries(prefix = '', limit = Number.POSITIVE_INFINITY, after = ''): RegistryEntry[] {
    const entries = this.select(({ name }) => name > after && name.startsWith(prefix))
    return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)).slice(0, limit)
  }

  // ---- what belongs to the registry itself

  /** A piece of the registry's own data, the same on all nodes; `undefined` if nobody has set it. */
  meta(name: string): unknown {
    return this.#o.settings.get(metaKey(name))
  }

  /** Sets it for the whole cluster: plain data, and the last writer wins. It outlives the node that set it. */
  putMeta(name: string, value: unknown): void {
    this.#o.settings.put(metaKey(name), value)
  }

  deleteMeta(name: string): void {
    this.#o.settings.delete(metaKey(name))
  }

  #isLive(record: DirectoryRecord): boolean {
    return !record.ended && record.serial !== 0 && this.#o.cluster.alive.has(record.owner)
  }
}

function shown(record: DirectoryRecord): RegistryEntry {
  const { key: name, value, epoch, behaviour } = record
  return { name, pid: pidOf(record), value, epoch, behaviour }
}
