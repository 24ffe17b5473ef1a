// The handoffs of one node, both ways: begins those that leave, takes in those that come, and hands each what concerns it.
import { BadFrame, type Frame, list, text, whole } from '#cluster'
import type { NodeId } from '#process'
import type { Arbiter } from '../arbiter/arbiter.ts'
import { Budget } from '../budget.ts'
import { pidOf } from '../children/reconciler.ts'
import type { DirectoryRecord } from '../directory/record.ts'
import { decodeRecord } from '../directory/record-codec.ts'
import type { HandoffReason } from '../events.ts'
import { bytesOf } from './cargo.ts'
import { Fences } from './fences.ts'
import { activeRecord, Incoming } from './incoming.ts'
import { type HandoffParts, Outgoing } from './outgoing.ts'
import type { HandoffOutcome } from './source.ts'
import type { HandoffUnderWay } from './under-way.ts'

/** Beside the size of one state: how much of the states of processes leaves a node at a time. */
const MOST_BYTES = 128 * 1024 * 1024
/** And come to it: whoever offers more is refused, and tries again or goes elsewhere. */
const MOST_COMING = 1024

export interface HandoffsOptions extends HandoffParts {
  /** Whether this node may own names now. */
  readonly mayOwn: () => boolean
  /** How many processes leave this node at a time. */
  readonly concurrency: number
  readonly arbiter: Arbiter | undefined
}

export class Handoffs {
  readonly #o: HandoffsOptions
  readonly #outgoing = new Map<string, Outgoing>()
  /** The same by name: there is one for a name at most. */
  readonly #leavingBy = new Map<string, Outgoing>()
  readonly #incoming = new Map<string, Incoming>()
  readonly #leaving: Budget
  readonly #bytes = new Budget(MOST_BYTES)
  readonly #fences: Fences
  /** Nodes to which processes of this one have gone. */
  readonly #goneTo = new Set<NodeId>()
  #comingBytes = 0
  #last = 0

  constructor(options: HandoffsOptions) {
    this.#o = options
    this.#leaving = new Budget(options.concurrency)
    const { cluster, directory } = options
    cluster.handle('prep', (from, frame) => this.#onPrep(from, frame))
    cluster.handle('piece', (from, frame) => this.#onPiece(from, frame))
    cluster.handle('commit', (from, frame) => this.#onCommit(from, frame))
    cluster.handle('abort', (from, frame) => this.#coming(from, frame)?.step('abort'))
    cluster.handle('got', (from, frame) => this.#onGot(from, frame, whole(frame[2], 'bytes')))
    cluster.handle('ready', (from, frame) => this.#onReady(from, frame))
    cluster.handle('refuse', (from, frame) => this.#onRefuse(from, frame, text(frame[2], 'reason')))
    cluster.handle('active', (from, frame) => this.#onActive(from, frame))
    cluster.onTick(() => this.#all('tick'))
    cluster.onChange(() => this.#all('changed'))
    options.arbiter?.onChange(() => this.#all('changed'))
    directory.onChanged(({ key }) => this.#onWinnerChanged(key))
    this.#fences = new Fences(options, (serial, passed) => this.#outgoing.values().some((outgoing) => outgoing.hold(serial, passed)))
  }

  /** How many are under way. */
  get inProgress(): { readonly out: number; readonly in: number } {
    return { out: this.#outgoing.size, in: this.#incoming.size }
  }

  /** Each of them as it stands now, those that leave first. */
  *underWay(): Generator<HandoffUnderWay> {
    for (const { underWay } of [...this.#outgoing.values(), ...this.#incoming.values()]) if (underWay !== undefined) yield underWay
  }

  /** Whether a child of this node would move with its state. */
  moves(record: DirectoryRecord): boolean {
    return this.#o.children.handoff(record.behaviour) !== undefined
  }

  /**
   * Moves a child of this node with its state and its messages; nothing else may be under way for its name. Resolves when that is over,
   * however it ended: if not `completed`, the process goes on here, unless its name has ended or is another's.
   */
  async move(record: DirectoryRecord, to: NodeId, reason: HandoffReason): Promise<HandoffOutcome> {
    await this.#leaving.take(1)
    try {
      return await this.#begin(record, to, reason)
    } finally {
      this.#leaving.give(1)
    }
  }

  #begin({ key, behaviour }: DirectoryRecord, to: NodeId, reason: HandoffReason): Promise<HandoffOutcome> {
    const { directory, cluster, children, runtime } = this.#o
    // It may have waited: whatever holds now counts.
    const record = directory.get(key)
    const handoff = children.handoff(behaviour)
    const pid = children.running(key)
    const process = pid === undefined ? undefined : runtime.lookup(pid)
    const isOurs = record !== undefined && !record.ended && record.owner === cluster.id && pid !== undefined && pidOf(record).equals(pid)
    if (!isOurs || process === undefined || handoff === undefined) return Promise.resolve('stopped')
    const id = `${cluster.id}/${++this.#last}`
    const outgoing = new Outgoing(this.#o, { id, record, process, handoff, to, reason, room: this.#bytes })
    this.#outgoing.set(id, outgoing)
    this.#leavingBy.set(key, outgoing)
    return outgoing.run().then((outcome) => {
      this.#outgoing.delete(id)
      this.#leavingBy.delete(key)
      if (outcome === 'completed') this.#goneTo.add(to)
      return outcome
    })
  }

  /** Resolves when all that was passed on has come to where it went; within `limitMs` in any case. */
  settled(limitMs: number): Promise<void> {
    return this.#fences.settled(this.#goneTo, limitMs)
  }

  // ---- what happens

  #all(event: 'tick' | 'changed'): void {
    for (const outgoing of this.#outgoing.values()) outgoing.step(event)
    for (const incoming of this.#incoming.values()) incoming.step(event)
  }

  #onWinnerChanged(key: string): void {
    this.#leavingBy.get(key)?.step('changed')
    for (const incoming of this.#incoming.values()) if (incoming.offer.record.key === key) incoming.step('changed')
  }

  // ---- the source's half

  /** Only of the node that it goes to. */
  #going(from: NodeId, frame: Frame): Outgoing | undefined {
    const outgoing = this.#outgoing.get(text(frame[1], 'handoff'))
    return outgoing?.to === from ? outgoing : undefined
  }

  #onGot(from: NodeId, frame: Frame, bytes: number): void {
    this.#going(from, frame)?.got(bytes)
  }

  #onRefuse(from: NodeId, frame: Frame, because: string): void {
    this.#going(from, frame)?.refused(because)
  }

  #onReady(from: NodeId, frame: Frame): void {
    const outgoing = this.#going(from, frame)
    if (outgoing !== undefined) outgoing.step('ready')
    else this.#o.cluster.send(from, ['abort', text(frame[1], 'handoff')])
  }

  #onActive(from: NodeId, frame: Frame): void {
    const record = recordIn(frame[2])
    // First of all: from here on names lead to the new place.
    if (this.#o.rules.mergesFirst) this.#o.directory.mergeLoose([record])
    this.#going(from, frame)?.active(record)
  }

  // ---- the target's half

  #coming(from: NodeId, frame: Frame): Incoming | undefined {
    const incoming = this.#incoming.get(text(frame[1], 'handoff'))
    return incoming?.offer.from === from ? incoming : undefined
  }

  #onPrep(from: NodeId, frame: Frame): void {
    const id = text(frame[1], 'handoff')
    const record = recordIn(frame[2])
    const [version, size] = [whole(frame[3], 'version'), whole(frame[4], 'size')]
    const carrier = typeof frame[5] === 'string' ? frame[5] : undefined
    if (this.#incoming.has(id)) return
    if (this.#incoming.size >= MOST_COMING || (this.#comingBytes > 0 && this.#comingBytes + size > 2 * MOST_BYTES)) {
      this.#o.cluster.send(from, ['refuse', id, 'as many are coming to it as it takes at a time'])
      return
    }
    this.#o.directory.mergeLoose([record])
    this.#comingBytes += size
    const incoming = new Incoming(this.#o, { id, from, record, version, size, carrier }, this.#o.mayOwn, () => {
      if (this.#incoming.delete(id)) this.#comingBytes -= size
    })
    this.#incoming.set(id, incoming)
    incoming.begin()
  }

  #onPiece(from: NodeId, frame: Frame): void {
    const piece = bytesOf(frame[2])
    if (this.#coming(from, frame)?.take(piece) === false) throw new BadFrame('a piece of a state that does not fit')
  }

  /** The directory remembers what was claimed for as long as it matters: a second `commit` gets the same answer. */
  #onCommit(from: NodeId, frame: Frame): void {
    const id = text(frame[1], 'handoff')
    const record = this.#o.directory.get(text(frame[2], 'key'))
    const incoming = this.#coming(from, frame)
    if (incoming !== undefined) incoming.step('commit')
    else if (record?.handoff === id && record.owner === this.#o.cluster.id) {
      this.#o.cluster.send(from, ['active', id, activeRecord(record)])
    } else this.#o.cluster.send(from, ['refuse', id, 'it does not know of it'])
  }
}

function recordIn(value: unknown): DirectoryRecord {
  const [writer, record] = list(value, 'record')
  return decodeRecord(record, text(writer, 'writer'))
}
