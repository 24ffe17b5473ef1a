// The directory: the winning record of every name, and how much of each node's section has been merged. Pure.
import type { NodeId } from '#process'
import { type Claim, type DirectoryRecord, hashRecord, hashText, isQuarantined, isSetting } from './record.ts'
import { RULES, type Rules } from './rules.ts'

/** A versioned piece of what one node wrote: all its records after `base` up to `to` that still win somewhere. */
export interface Section {
  readonly writer: NodeId
  readonly base: number
  readonly to: number
  readonly records: readonly DirectoryRecord[]
}

/** What is kept of one writer: up to which of its versions everything was merged, and how many of its records still win. */
interface Writer {
  readonly hash: number
  version: number
  records: number
}

/** Called when the winner of a key has changed. */
export type WinnerChanged = (winner: DirectoryRecord, previous: DirectoryRecord | undefined) => void

export class Directory {
  readonly self: NodeId
  /** Highest birth ever seen, of any name: a birth that is collected can never be outdone by an older one. */
  lamport = 0
  /** XOR over the live records: nodes that hold the same have the same. */
  liveHash = 0
  readonly #listeners: WinnerChanged[] = []
  readonly #records = new Map<string, DirectoryRecord>()
  /** XOR over what was merged of whom: nodes that have merged the same have the same. */
  contextHash = 0
  readonly #rules: Rules
  readonly #own: Writer
  readonly #writers = new Map<NodeId, Writer>()
  /** How many live names each node owns. */
  readonly #liveOf = new Map<NodeId, number>()
  /** And how many of them are names of children. */
  readonly #childrenOf = new Map<NodeId, number>()
  /** Keys of records that say that a birth is over, the latest last, and the how-manieth ending each was. */
  readonly #ended = new Map<string, number>()
  /** How many endings there were, ever. */
  endings = 0
  #unpushed: DirectoryRecord[] = []
  #pushed = 0

  constructor(self: NodeId, rules: Rules = RULES) {
    this.#rules = rules
    this.self = rules.writerOf(self)
    this.#own = this.#writer(this.self)
  }

  /** Adds a listener; listeners are called in the order in which they came. */
  onChanged(listener: WinnerChanged): void {
    this.#listeners.push(listener)
  }

  get version(): number {
    return this.#own.version
  }

  get size(): number {
    return this.#records.size
  }

  /** All writers, with the version up to which everything of theirs was merged. */
  *context(): Generator<readonly [writer: NodeId, version: number]> {
    for (const [id, { version }] of this.#writers) yield [id, version]
  }

  merged(writer: NodeId): number {
    return this.#writers.get(writer)?.version ?? 0
  }

  /** How many live names each node owns. */
  get liveOf(): ReadonlyMap<NodeId, number> {
    return this.#liveOf
  }

  /** How many children each node owns, those in quarantine apart. */
  get childrenOf(): ReadonlyMap<NodeId, number> {
    return this.#childrenOf
  }

  get ended(): ReadonlyMap<string, number> {
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
    return (this.#writers.get(writer)?.records ?? 0) > 0
  }

  /** The number of a name's next birth. */
  nextBirth(key: string): number {
    return this.#rules.nextBirth(this.lamport, this.#records.get(key)?.gen)
  }

  /** Writes into this node's own section. A claim that loses against what is known is written all the same, and merged away. */
  write(claim: Claim): DirectoryRecord {
    const version = this.version + 1
    this.#advance(this.#own, version)
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

  /** For each writer, what wins here of what it wrote after the version in `known`; nothing for writers of whom all is known. */
  lacking(known: ReadonlyMap<NodeId, number>): Section[] {
    const sections = new Map<NodeId, Section & { readonly records: DirectoryRecord[] }>()
    for (const [writer, { version: to }] of this.#writers) {
      const base = known.get(writer) ?? 0
      if (to > base) sections.set(writer, { writer, base, to, records: [] })
    }
    if (sections.size === 0) return []
    for (const record of this.#records.values()) {
      const section = sections.get(record.writer)
      if (section !== undefined && record.version > section.base) section.records.push(record)
    }
    return [...sections.values()]
  }

  /** Merges a section; `false` if something between is missing: then nothing is merged, and a digest has to repair it. */
  merge(section: Section): boolean {
    const writer = this.#writer(section.writer)
    if (!this.#rules.follows(section.base, writer.version)) return false
    const known = writer.version
    for (const record of section.records) if (this.#rules.isNew(record.version, known)) this.#apply(record)
    // A section of this node's own, coming back, says nothing of what it has written since.
    if (writer !== this.#own && section.to > writer.version) this.#advance(writer, section.to)
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
    this.#writer(record.writer).records--
  }

  /** Forgets a writer of whom no record is left. */
  forget(writer: NodeId): void {
    const known = this.#writers.get(writer)
    if (known === undefined || known === this.#own || known.records > 0) return
    this.#advance(known, 0)
    this.#writers.delete(writer)
  }

  #writer(id: NodeId): Writer {
    let writer = this.#writers.get(id)
    if (writer === undefined) {
      writer = { hash: hashText(id), version: 0, records: 0 }
      this.#writers.set(id, writer)
    }
    return writer
  }

  #advance(writer: Writer, version: number): void {
    this.contextHash = (this.contextHash ^ stamp(writer.hash, writer.version) ^ stamp(writer.hash, version)) >>> 0
    writer.version = version
  }

  #apply(record: DirectoryRecord): void {
    if (record.gen > this.lamport) this.lamport = record.gen
    const previous = this.#records.get(record.key)
    if (previous !== undefined) {
      if (this.#rules.order(record, previous) <= 0) return
      this.#writer(previous.writer).records--
      if (!previous.ended) this.#countLive(previous, -1)
    }
    this.#records.set(record.key, record)
    this.#writer(record.writer).records++
    this.#ended.delete(record.key)
    if (record.ended) this.#ended.set(record.key, ++this.endings)
    else this.#countLive(record, 1)
    for (const listener of this.#listeners) listener(record, previous)
  }

  #countLive(record: DirectoryRecord, by: 1 | -1): void {
    this.liveHash = (this.liveHash ^ hashRecord(record)) >>> 0
    if (isSetting(record) || isQuarantined(record)) return
    addTo(this.#liveOf, record.owner, by)
    if (record.child !== undefined) addTo(this.#childrenOf, record.owner, by)
  }
}

/** A map of counts has no zeros. */
function addTo(counts: Map<NodeId, number>, id: NodeId, by: 1 | -1): void {
  const count = (counts.get(id) ?? 0) + by
  if (count === 0) counts.delete(id)
  else counts.set(id, count)
}

/** A writer of whom nothing was merged counts as one that is not known. */
function stamp(hash: number, version: number): number {
  return version === 0 ? 0 : Math.imul(hash ^ Math.imul(version, 0x9e3779b1), 0x85ebca6b)
}
