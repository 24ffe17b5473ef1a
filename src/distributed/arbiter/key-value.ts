// The port of an engine that decides by compare-and-set: what names and states past one machine rest on. Who implements it owes what is written here.

/** What a key holds. */
export interface KeyValueEntry {
  /** `undefined`: nothing, or what was there has been deleted or has expired. */
  readonly value: Uint8Array | undefined
  /** Of the last write of the key, deletions included; 0 if there is none that the engine remembers. */
  readonly revision: number
}

/**
 * Keys are any text that a name of the cluster can be. A write that was answered holds, whichever servers of the engine fail then; revisions
 * grow over all keys, and none is used twice.
 */
export interface KeyValue {
  /** The largest value that `put` takes. */
  readonly maxValueBytes: number
  /** What the engine's leader has. It may be out of date all the same: a decision needs a `put`. Rejects if nobody answers in time. */
  get(key: string): Promise<KeyValueEntry>
  /**
   * Writes if `expected` is the revision of the key's last write: resolves with the new revision, or with `undefined` if it is not, or if the
   * engine cannot tell; then nothing was written. Rejects if nobody answers in time: it may have been written, or may be yet.
   * After `ttlMs`, in whole seconds rounded up, the engine may forget the key.
   */
  put(key: string, value: Uint8Array, expected: number, ttlMs?: number): Promise<number | undefined>
  /** The same for a deletion; with `ttlMs` its trace is forgotten, too. */
  delete(key: string, expected: number, ttlMs?: number): Promise<number | undefined>
}
