// The rows of a registry, found by key and by process, and taken off when their process ends.
import type { Pid, Runtime } from '#process'

/** Keys are compared by what they hold. */
export type RegistryKey = string | number | boolean | readonly RegistryKey[]

export interface Row<K, V> {
  readonly key: K
  readonly pid: Pid
  value: V
}

interface Owned<K, V> {
  /** The monitor of the process. */
  readonly monitor: number
  readonly rows: Set<Row<K, V>>
}

/** A key as one line of text: the same text for the same key alone. */
export function keyInWords(key: RegistryKey): string {
  if (typeof key === 'object') return `[${key.map(keyInWords).join()}]`
  return typeof key === 'string' ? JSON.stringify(key) : String(key)
}

export class RegistryTable<K extends RegistryKey, V> {
  readonly #runtime: Runtime
  /** Lists are found by their text, in a table of their own: a text that looks like one is another key. */
  readonly #plain = new Map<RegistryKey, Set<Row<K, V>>>()
  readonly #lists = new Map<RegistryKey, Set<Row<K, V>>>()
  readonly #owners = new Map<number, Owned<K, V>>()
  #size = 0

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  get size(): number {
    return this.#size
  }

  add(row: Row<K, V>): void {
    const { map, at } = this.#place(row.key)
    const rows = map.get(at)
    if (rows === undefined) map.set(at, new Set([row]))
    else rows.add(row)
    this.#ownedBy(row.pid).rows.add(row)
    this.#size++
  }

  remove(row: Row<K, V>): void {
    const owned = this.#owners.get(row.pid.serial)
    if (owned?.rows.delete(row) !== true) return
    if (owned.rows.size === 0) {
      this.#owners.delete(row.pid.serial)
      this.#runtime.demonitor(owned.monitor, row.pid)
    }
    this.#takeOff(row)
  }

  /** A copy: whoever goes through it may change the table. An entry whose process is just ending is not there any more. */
  under(key: K): Row<K, V>[] {
    const { map, at } = this.#place(key)
    return [...(map.get(at) ?? [])].filter(isLive)
  }

  /** What a process has under `key`; a process has few keys where a key may have many processes. */
  underOf(key: K, pid: Pid): Row<K, V>[] {
    const words = keyInWords(key)
    return this.of(pid).filter((row) => keyInWords(row.key) === words)
  }

  of(pid: Pid): Row<K, V>[] {
    return pid.node === this.#runtime.id ? [...(this.#owners.get(pid.serial)?.rows ?? [])].filter(isLive) : []
  }

  all(): Row<K, V>[] {
    return [...this.#owners.values()].flatMap(({ rows }) => [...rows]).filter(isLive)
  }

  #place(key: RegistryKey): { map: Map<RegistryKey, Set<Row<K, V>>>; at: RegistryKey } {
    return typeof key === 'object' ? { map: this.#lists, at: keyInWords(key) } : { map: this.#plain, at: key }
  }

  #ownedBy(pid: Pid): Owned<K, V> {
    let owned = this.#owners.get(pid.serial)
    if (owned === undefined) {
      owned = { monitor: this.#runtime.monitor(pid, { down: () => this.#gone(pid) }), rows: new Set() }
      this.#owners.set(pid.serial, owned)
    }
    return owned
  }

  #gone(pid: Pid): void {
    const rows = this.#owners.get(pid.serial)?.rows ?? []
    this.#owners.delete(pid.serial)
    for (const row of rows) this.#takeOff(row)
  }

  #takeOff(row: Row<K, V>): void {
    const { map, at } = this.#place(row.key)
    const rows = map.get(at)
    rows?.delete(row)
    if (rows?.size === 0) map.delete(at)
    this.#size--
  }
}

/** Between a process's end and its monitors' lies the end of those that are linked with it. */
function isLive(row: { readonly pid: Pid }): boolean {
  return row.pid.process !== undefined
}
