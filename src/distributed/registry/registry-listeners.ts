// Tells processes of this node which names of the cluster come and go, as the registry's listeners.
import type { RegisterMessage, UnregisterMessage } from '#otp'
import { Pid, type Runtime } from '#process'
import { type DirectoryRecord, isSetting } from '../directory/record.ts'

/** What listeners are told as the name of the registry: there is one in a cluster. */
export const REGISTRY = 'cluster'

export class RegistryListeners {
  readonly #runtime: Runtime
  readonly #listeners: readonly string[]

  constructor(runtime: Runtime, listeners: readonly string[]) {
    this.#runtime = runtime
    this.#listeners = listeners
  }

  /** To be told of every change of a winner: a name that gets another process is unregistered first. */
  changed(winner: DirectoryRecord, previous: DirectoryRecord | undefined): void {
    if (this.#listeners.length === 0 || isSetting(winner)) return
    const before = previous === undefined ? undefined : processOf(previous)
    const after = processOf(winner)
    if (before !== undefined && after?.equals(before) === true) return
    const { key } = winner
    if (before !== undefined) this.#tell('unregister', { registry: REGISTRY, key, pid: before })
    if (after !== undefined) this.#tell('register', { registry: REGISTRY, key, pid: after, value: winner.value })
  }

  #tell(what: 'register' | 'unregister', message: RegisterMessage<string, unknown> | UnregisterMessage<string>): void {
    for (const listener of this.#listeners) {
      if (this.#runtime.whereis(listener) !== undefined) this.#runtime.send(listener, 'info', what, message)
    }
  }
}

function processOf(record: DirectoryRecord): Pid | undefined {
  return record.ended || record.serial === 0 ? undefined : new Pid(record.owner, record.serial)
}
