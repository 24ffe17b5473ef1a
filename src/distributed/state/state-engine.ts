// The engine as the store of states uses it: keys of its own, and so many calls at a time.
import type { Clock } from '#base'
import type { KeyValue, KeyValueEntry } from '../arbiter/key-value.ts'
import type { Blobs } from './blobs.ts'
import { InFlight } from './in-flight.ts'

/** Calls at a time; blobs take memory, and the engine's time. */
const CALLS = 256
const BLOB_CALLS = 8
/** The trace of a deletion is forgotten by then. Nothing rests on it: who writes under a token finds no birth, with or without it. */
const TRACE_MS = 3_600_000

export class StateEngine {
  readonly clock: Clock
  readonly #keyValue: KeyValue
  readonly #blobs: Blobs
  readonly #calls = new InFlight(CALLS)
  readonly #blobCalls = new InFlight(BLOB_CALLS)

  constructor(keyValue: KeyValue, blobs: Blobs, clock: Clock) {
    this.#keyValue = keyValue
    this.#blobs = blobs
    this.clock = clock
  }

  get(name: string): Promise<KeyValueEntry> {
    return this.#calls.run(() => this.#keyValue.get(keyOf(name)))
  }

  put(name: string, value: Uint8Array, expected: number): Promise<number | undefined> {
    return this.#calls.run(() => this.#keyValue.put(keyOf(name), value, expected))
  }

  delete(name: string, expected: number): Promise<number | undefined> {
    return this.#calls.run(() => this.#keyValue.delete(keyOf(name), expected, TRACE_MS))
  }

  putBlob(name: string, bytes: Uint8Array): Promise<void> {
    return this.#blobCalls.run(() => this.#blobs.put(name, bytes))
  }

  getBlob(name: string): Promise<Uint8Array | undefined> {
    return this.#blobCalls.run(() => this.#blobs.get(name))
  }

  deleteBlob(name: string): Promise<void> {
    return this.#blobCalls.run(() => this.#blobs.delete(name))
  }

  blobNames(): Promise<readonly string[]> {
    return this.#blobs.names()
  }
}

/** Beside what else the store keeps there. */
function keyOf(name: string): string {
  return `state.${name}`
}
