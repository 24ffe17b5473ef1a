// Settings that all nodes share, kept as records of the directory: the last writer wins.
import type { Clock } from '#base'
import { type Cluster, plainData } from '#cluster'
import type { Directory } from './directory.ts'
import { type DirectoryRecord, SETTING } from './record.ts'
import type { Replicator } from './replicator.ts'

/**
 * Of two writes that knew nothing of each other one wins, the same on all nodes: births (Lamport's clock) decide, then the order of
 * records. A write that knew the other always wins.
 */
export class Settings {
  readonly #cluster: Cluster
  readonly #directory: Directory
  readonly #replicator: Replicator
  readonly #clock: Clock

  constructor(cluster: Cluster, directory: Directory, replicator: Replicator, clock: Clock) {
    this.#cluster = cluster
    this.#directory = directory
    this.#replicator = replicator
    this.#clock = clock
  }

  /** By this node's copy; `undefined` if nobody has set it. */
  get(name: string): unknown {
    const record = this.#directory.get(SETTING + name)
    return record === undefined || record.ended ? undefined : record.value
  }

  /** Throws `ERR_OTP_CLUSTER_NOT_PLAIN_DATA`. */
  put(name: string, value: unknown): DirectoryRecord {
    plainData(value)
    return this.#write(name, value, false)
  }

  delete(name: string): void {
    if (this.get(name) !== undefined) this.#write(name, undefined, true)
  }

  #write(name: string, value: unknown, ended: boolean): DirectoryRecord {
    return this.#replicator.write({
      key: SETTING + name,
      gen: this.#directory.nextBirth(SETTING + name),
      ended,
      epoch: 1,
      claimedAt: this.#clock.wall(),
      owner: this.#cluster.id,
      serial: 0,
      behaviour: '',
      child: undefined,
      value,
    })
  }
}
