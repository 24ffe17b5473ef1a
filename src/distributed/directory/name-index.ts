// The names of each process, and how many names each node has, kept beside the directory so that nobody walks it to count. Pure.
import type { NodeId, Pid } from '#process'
import type { DirectoryRecord } from './record.ts'

/** Most processes have one name: only those with more pay for a set. */
type Keys = string | Set<string>

export class NameIndex {
  readonly #keys = new Map<NodeId, Map<number, Keys>>()
  readonly #counts = new Map<NodeId, number>()

  /** To be told of every change of a winner. */
  changed(winner: DirectoryRecord, previous: DirectoryRecord | undefined): void {
    if (previous !== undefined && isUp(previous)) {
      // A new word on the same process, such as a new value, changes nothing here.
      if (isUp(winner) && winner.owner === previous.owner && winner.serial === previous.serial) return
      this.#remove(previous)
    }
    if (isUp(winner)) this.#add(winner)
  }

  /** The names that lead to a process. */
  keysOf(pid: Pid): readonly string[] {
    const keys = this.#keys.get(pid.node)?.get(pid.serial)
    if (keys === undefined) return []
    return typeof keys === 'string' ? [keys] : [...keys]
  }

  /** How many names lead to processes of a node. */
  count(node: NodeId): number {
    return this.#counts.get(node) ?? 0
  }

  #add({ key, owner, serial }: DirectoryRecord): void {
    let bySerial = this.#keys.get(owner)
    if (bySerial === undefined) {
      bySerial = new Map()
      this.#keys.set(owner, bySerial)
    }
    const keys = bySerial.get(serial)
    if (keys === undefined) bySerial.set(serial, key)
    else if (typeof keys === 'string') bySerial.set(serial, new Set([keys, key]))
    else keys.add(key)
    this.#counts.set(owner, this.count(owner) + 1)
  }

  #remove({ key, owner, serial }: DirectoryRecord): void {
    const bySerial = this.#keys.get(owner)
    const keys = bySerial?.get(serial)
    if (bySerial === undefined || keys === undefined) return
    if (typeof keys === 'string') bySerial.delete(serial)
    else {
      keys.delete(key)
      if (keys.size === 1) bySerial.set(serial, [...keys][0] as string)
    }
    const count = this.count(owner) - 1
    if (count > 0) this.#counts.set(owner, count)
    else {
      this.#counts.delete(owner)
      this.#keys.delete(owner)
    }
  }
}

/** Whether the record leads to a process. */
function isUp(record: DirectoryRecord): boolean {
  return !record.ended && record.serial !== 0
}
