// The directory: the winning record of every name, and how much of each node's section has been merged. Pure.
import type { NodeId } from '#process'
import { type Claim, compareRecords, type DirectoryRecord, hashRecord } from './record.ts'

/** A versioned piece of what one node wrote: all its records after `base` up to `to` that still win somewhere. */
export interface Section {
  readonly writer: NodeId
  readonly base: number
  readonly to: number
  readonly records: readonly DirectoryRecord[]
}

/** Called when the winner of a key has changed. */
export type WinnerChanged = (winner: DirectoryRecord, previous: DirectoryRecord | undefined) => void

export class Directory {
  readonly self: NodeId
  /** Highest birth ever seen, of any name: a birth that is collected can never be outdone by an older one. */
  lamport = 0
  /** XOR over the live records: nodes that hold the same have the same. */
  liveHash = 0
  onChanged: WinnerChanged = () => undefined
  readonly #records = new Map<string, DirectoryRecord>()
  /** For each writer, up to which of its versions everything was merged. */
  readonly #context = new Map<NodeId, number>()
  readonly #recordsOf = new Map<NodeId, number>()
  /** Keys of records that say that a birth is over. */
  readonly #ended = new Set<string>()
  #unpushed: DirectoryRecord[] = []
  #pushed = 0

  constructor(self: NodeId) {
    this.self = self
    this.#context.set(self, 0)
  }

  get version(): number {
    return this.#context.get(this.self) as number
  }

  get size(): number {
    return this.#records.size
  }

  get context(): ReadonlyMap<NodeId, number> {
    return this.#context
  }

  get ended(): ReadonlySet<string> {
    return this.#ended
  }

  get(key: string): DirectoryRecord | undefined {
    return this.#records.get(key)
  }

  records(): IterableIterator<DirectoryRecord> {
    return this.#records.values()
  }

  /** Whether any record of this writer still wins. */
  holdsFrom(writer: NodeId): boolean {
    return (this.#recordsOf.get(writer) ?? 0) > 0
  }

  /** Writes into this node's own section. A claim that loses against what is known is written all the same, and merged away. */
  write(claim: Claim): DirectoryRecord {
    const version = this.version + 1
    this.#context.set(this.self, version)
    const record: DirectoryRecord = { ...claim, writer: this.self, version }
    this.#unpushed.push(record)
    this.#apply(record)
    return record
  }

  /** What was written since the last push, or `undefined`. Records that have been overwritten meanwhile are left out. */
  takePush(): Section | undefined {
    if (this.#unpushed.length === 0) return undefined
    const records = this.#unpushed.filter((record) => this.#records.get(record.key) === record)
    const section: Section = { writer: this.self, base: this.#pushed, to: this.version, records }
    this.#unpushed = []
    this.#pushed = this.version
    return section
  }

  /** Records of one writer after `version` that win here. */
  since(writer: NodeId, version: number): DirectoryRecord[] {
    const records: DirectoryRecord[] = []
    for (const record of this.#records.values()) {
      if (record.writer === writer && record.version > version) records.push(record)
    }
    return records
  }

  /** Merges a section; `false` if something between is missing: then nothing is merged, and a digest has to repair it. */
  merge(section: Section): boolean {
    const known = this.#context.get(section.writer) ?? 0
    if (section.base > known) return false
    for (const record of section.records) this.#apply(record)
    // A section of this node's own, coming back, says nothing of what it has written since.
    if (section.writer !== this.self && section.to > known) this.#context.set(section.writer, section.to)
    return true
  }

  /** Merges records wherever they come from: always safe, and no claim to have all of anybody's. */
  mergeLoose(records: readonly DirectoryRecord[]): void {
    for (const record of records) this.#apply(record)
  }

  /** Drops the record of an ended birth. Whether that is safe is decided elsewhere. */
  drop(key: string): void {
    const record = this.#records.get(key)
    if (record === undefined) return
    this.#records.delete(key)
    this.#ended.delete(key)
    this.#count(record.writer, -1)
  }

  /** Forgets a writer of whom no record is left. */
  forget(writer: NodeId): void {
    this.#context.delete(writer)
    this.#recordsOf.delete(writer)
  }

  #apply(record: DirectoryRecord): void {
    if (record.gen > this.lamport) this.lamport = record.gen
    const previous = this.#records.get(record.key)
    if (previous !== undefined) {
      if (compareRecords(record, previous) <= 0) return
      this.#count(previous.writer, -1)
      if (!previous.ended) this.liveHash = (this.liveHash ^ hashRecord(previous)) >>> 0
    }
    this.#records.set(record.key, record)
    this.#count(record.writer, 1)
    if (record.ended) this.#ended.add(record.key)
    else {
      this.#ended.delete(record.key)
      this.liveHash = (this.liveHash ^ hashRecord(record)) >>> 0
    }
    this.onChanged(record, previous)
  }

  #count(writer: NodeId, by: number): void {
    this.#recordsOf.set(writer, (this.#recordsOf.get(writer) ?? 0) + by)
  }
}
