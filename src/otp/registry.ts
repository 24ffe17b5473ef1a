// A registry of this node: keys that lead to processes, with a value each, as Elixir's Registry.
import { CodedError } from '#base'
import { type Pid, type Runtime, Via, type ViaName } from '#process'
import type { AnyBehaviour } from './behaviour.ts'
import { callerOf, type Owner } from './owner.ts'
import { keyInWords, type RegistryKey, RegistryTable, type Row } from './registry-table.ts'

export interface RegistryOptions<M extends object> {
  /** What listeners and errors call it. */
  readonly name: string
  /** Names of processes of this node that are told, by the infos `register` and `unregister`. Whom a crash interests monitors the process. */
  readonly listeners?: readonly string[]
  /** Whatever belongs to the registry itself. */
  readonly meta?: Partial<M>
}

/** One process under one key. */
export interface Registered<K, V> {
  readonly key: K
  readonly pid: Pid
  readonly value: V
}

/** `already_registered`: the unique key is taken by `pid`, which may be the same process. */
export type RegistrationResult = { readonly ok: true } | { readonly ok: false; readonly reason: 'already_registered'; readonly pid: Pid }

/** The payloads of the infos that listeners get. */
export interface RegisterMessage<K, V> extends Registered<K, V> {
  readonly registry: string
}
export interface UnregisterMessage<K> {
  readonly registry: string
  readonly key: K
  readonly pid: Pid
}

type ValueArguments<V> = undefined extends V ? [value?: V] : [value: V]

/** Each key leads to no process or to one; only such a registry makes names (`ref`). */
export function uniqueRegistry<K extends RegistryKey, V = undefined, M extends object = Record<string, unknown>>(
  owner: Owner,
  options: RegistryOptions<M>,
): Registry<K, V, 'unique', M> {
  return new Registry(callerOf(owner).runtime, 'unique', options)
}

/** Each key may lead to any number of processes, and several times to the same one. */
export function duplicateRegistry<K extends RegistryKey, V = undefined, M extends object = Record<string, unknown>>(
  owner: Owner,
  options: RegistryOptions<M>,
): Registry<K, V, 'duplicate', M> {
  return new Registry(callerOf(owner).runtime, 'duplicate', options)
}

/**
 * Entries belong to processes of this node and go when these end, at once. Keys are compared by what they hold: texts, numbers,
 * truth values, and lists of them. It is no process: it lives as long as whoever holds it.
 */
export class Registry<K extends RegistryKey, V, U extends 'unique' | 'duplicate', M extends object> {
  readonly name: string
  readonly kind: U
  readonly #runtime: Runtime
  readonly #listeners: readonly string[]
  readonly #table: RegistryTable<K, V>
  readonly #meta: Partial<M>

  constructor(runtime: Runtime, kind: U, options: RegistryOptions<M>) {
    this.name = options.name
    this.kind = kind
    this.#runtime = runtime
    this.#listeners = options.listeners ?? []
    this.#table = new RegistryTable(runtime)
    this.#meta = { ...options.meta }
  }

  /** Registers a live process of this node under `key`. In a unique registry the key has to be free. */
  register(key: K, pid: Pid, ...[value]: ValueArguments<V>): RegistrationResult {
    const process = this.#runtime.lookup(pid)
    if (process === undefined) {
      throw new CodedError(
        'ERR_OTP_OTP_REGISTRY_NOT_LOCAL',
        `expected a live process of node ${this.#runtime.id} to register under ${keyInWords(key)} in ${this.name}, got ${pid}`,
      )
    }
    const [holder] = this.kind === 'unique' ? this.#table.under(key) : []
    if (holder !== undefined) return { ok: false, reason: 'already_registered', pid: holder.pid }
    const row: Row<K, V> = { key, pid: process.pid, value: value as V }
    this.#table.add(row)
    this.#tell('register', { registry: this.name, key, pid: process.pid, value: row.value } satisfies RegisterMessage<K, V>)
    return { ok: true }
  }

  /** Takes off what the process has under `key`; does nothing if that is nothing. */
  unregister(key: K, pid: Pid): void {
    this.unregisterMatch(key, pid, () => true)
  }

  /** Takes off what the process has under `key` where `where` says so of the value. */
  unregisterMatch(key: K, pid: Pid, where: (value: V) => boolean): void {
    const rows = this.#table.underOf(key, pid).filter((row) => where(row.value))
    for (const row of rows) this.#table.remove(row)
    if (rows.length > 0) this.#tell('unregister', { registry: this.name, key, pid } satisfies UnregisterMessage<K>)
  }

  /** What is registered under `key`, in the order in which it was; empty if nothing is. */
  lookup(key: K): readonly Registered<K, V>[] {
    return this.#table.under(key).map(shown)
  }

  /** The process that has a unique key. */
  whereis(this: Registry<K, V, 'unique', M>, key: K): Pid | undefined {
    this.#checkUnique('whereis')
    return this.#table.under(key)[0]?.pid
  }

  /**
   * A name that leads to whatever process has the unique key when it is used, wherever a reference is taken; to none, as `noproc`.
   * The behaviour types the calls.
   */
  ref<B extends AnyBehaviour>(this: Registry<K, V, 'unique', M>, key: K, behaviour?: B): Via<B> {
    this.#checkUnique('ref')
    return new Via<B>(() => this.#table.under(key)[0]?.pid, `${this.name}/${keyInWords(key)}`, behaviour?.name)
  }

  /** The name of a process that is started, as `name` of its child specification: its start is refused with `already_started` if the key is taken. */
  via(this: Registry<K, V, 'unique', M>, key: K, ...value: ValueArguments<V>): ViaName {
    this.#checkUnique('via')
    return {
      whereis: () => this.whereis(key),
      register: (pid) => void this.register(key, pid, ...value),
    }
  }

  /** The keys of a process; one that it has several times comes several times. */
  keys(pid: Pid): readonly K[] {
    return this.#table.of(pid).map((row) => row.key)
  }

  /** The values of a process under `key`. */
  values(key: K, pid: Pid): readonly V[] {
    return this.#table.underOf(key, pid).map((row) => row.value)
  }

  /** How many entries there are. */
  count(): number {
    return this.#table.size
  }

  /** How many entries there are under `key` of which `where` holds. */
  countMatch(key: K, where: (value: V) => boolean): number {
    return this.match(key, where).length
  }

  /** How many entries there are of which `where` holds. */
  countSelect(where: (entry: Registered<K, V>) => boolean): number {
    return this.select(where).length
  }

  /** What is registered under `key` with a value of which `where` holds: a predicate, which the compiler checks, for a match pattern. */
  match(key: K, where: (value: V) => boolean): readonly Registered<K, V>[] {
    return this.lookup(key).filter((entry) => where(entry.value))
  }

  /** All entries of which `where` holds, whatever their key; what is wanted of them is a `map` away. */
  select<T extends Registered<K, V>>(where: (entry: Registered<K, V>) => entry is T): readonly T[]
  select(where: (entry: Registered<K, V>) => boolean): readonly Registered<K, V>[]
  select(where: (entry: Registered<K, V>) => boolean): readonly Registered<K, V>[] {
    return this.#table.all().map(shown).filter(where)
  }

  /** Changes the value of a process under its unique key; `undefined` if the process does not have the key. */
  updateValue(
    this: Registry<K, V, 'unique', M>,
    key: K,
    pid: Pid,
    next: (value: V) => V,
  ): { readonly value: V; readonly previous: V } | undefined {
    this.#checkUnique('updateValue')
    const [row] = this.#table.under(key)
    if (row?.pid.equals(pid) !== true) return undefined
    const previous = row.value
    row.value = next(previous)
    return { value: row.value, previous }
  }

  /** Calls `act` with all entries under `key`, where the caller is; not at all if there are none. What it throws is the caller's. */
  dispatch(key: K, act: (entries: readonly [Registered<K, V>, ...Registered<K, V>[]]) => void): void {
    const [first, ...rest] = this.lookup(key)
    if (first !== undefined) act([first, ...rest])
  }

  meta<N extends keyof M>(name: N): M[N] | undefined {
    return this.#meta[name]
  }

  putMeta<N extends keyof M>(name: N, value: M[N]): void {
    this.#meta[name] = value
  }

  deleteMeta(name: keyof M): void {
    delete this.#meta[name]
  }

  /** The compiler says the same to who has the type. */
  #checkUnique(what: string): void {
    if (this.kind === 'unique') return
    throw new CodedError('ERR_OTP_OTP_REGISTRY_NOT_UNIQUE', `${what} takes a registry of unique keys; ${this.name} has duplicate ones`)
  }

  #tell(what: 'register' | 'unregister', message: RegisterMessage<K, V> | UnregisterMessage<K>): void {
    for (const listener of this.#listeners) {
      if (this.#runtime.whereis(listener) !== undefined) this.#runtime.send(listener, 'info', what, message)
    }
  }
}

function shown<K, V>({ key, pid, value }: Row<K, V>): Registered<K, V> {
  return { key, pid, value }
}
