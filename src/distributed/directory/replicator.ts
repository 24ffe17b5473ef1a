// Keeps the directory alike on all nodes: own changes are pushed at once, gaps are repaired by digests (scuttlebutt reconciliation).
import type { Clock, Emitter } from '#base'
import { type Cluster, type Frame, list, text, whole } from '#cluster'
import type { NodeId } from '#process'
import type { DistributedEvents } from '../events.ts'
import { Acknowledgements } from './acknowledgements.ts'
import { Confirmation } from './confirmation.ts'
import type { Directory, Section } from './directory.ts'
import type { Claim, DirectoryRecord } from './record.ts'
import { decodeRecord, decodeSection, encodeRecord, encodeSection, sectionOf } from './record-codec.ts'
import { ReplicationLag } from './replication-lag.ts'
import type { Rules } from './rules.ts'
import { cut } from './section.ts'
import { Tombstones } from './tombstones.ts'

export interface ReplicatorTimes {
  /** A node that finds no peer is alone after so long; sooner where no topology has found an address. */
  readonly aloneMs: number
  readonly aloneUnknownMs: number
  /** An ended birth is remembered at least so long. */
  readonly tombstoneMs: number
  /** How long a start waits for one peer to have it. */
  readonly ackMs: number
  /** So many ended births are remembered, whoever has not merged them yet. */
  readonly maxEnded: number
  /** A tick tells peers a hash of what was merged, every so manieth one all of it: who has merged what is needed to forget. */
  readonly ticksPerDigest: number
}

export const DEFAULT_REPLICATOR_TIMES: ReplicatorTimes = {
  aloneMs: 4000,
  aloneUnknownMs: 500,
  tombstoneMs: 600_000,
  ackMs: 5000,
  maxEnded: 100_000,
  ticksPerDigest: 5,
}

/** Records in one frame of a transfer. */
const RECORDS_PER_FRAME = 1000

export interface ReplicatorOptions {
  readonly cluster: Cluster
  readonly directory: Directory
  readonly clock: Clock
  readonly events: Emitter<DistributedEvents>
  readonly rules: Rules
  readonly times?: ReplicatorTimes | undefined
}

interface Waiter {
  readonly version: number
  readonly deadline: number
  readonly settle: (isAcknowledged: boolean) => void
}

export class Replicator {
  readonly #cluster: Cluster
  readonly #directory: Directory
  readonly #clock: Clock
  readonly #events: Emitter<DistributedEvents>
  readonly #rules: Rules
  readonly #times: ReplicatorTimes
  readonly #acks = new Acknowledgements()
  readonly #lag = new ReplicationLag()
  readonly #tombstones: Tombstones
  readonly #mismatches = new Map<NodeId, number>()
  readonly #startedAt: number
  #ticks = 0
  #syncs = 0
  #synced: (() => void) | undefined
  #waiters: Waiter[] = []
  #confirmation: Confirmation | undefined
  /** Set while a push is due. */
  #pushing: PromiseWithResolvers<void> | undefined
  #joined = Promise.withResolvers<void>()
  /** It has merged what one peer knew, or there is no peer: from now on this node may own children. */
  isJoined = false

  constructor(options: ReplicatorOptions) {
    const { cluster, directory, clock, events, rules, times = DEFAULT_REPLICATOR_TIMES } = options
    this.#cluster = cluster
    this.#directory = directory
    this.#clock = clock
    this.#events = events
    this.#rules = rules
    this.#times = times
    const { tombstoneMs, maxEnded } = times
    this.#tombstones = new Tombstones({ cluster, directory, acknowledgements: this.#acks, events, rules, tombstoneMs, maxEnded })
    this.#startedAt = clock.now()
    cluster.handle('push', (from, frame) => this.#onPush(from, frame))
    cluster.handle('delta', (_from, frame) => this.#onDelta(frame))
    cluster.handle('digest', (from, frame) => this.#onDigest(from, frame))
    cluster.handle('hashes', (from, frame) => this.#onHashes(from, whole(frame[1], 'context hash'), whole(frame[2], 'live hash')))
    cluster.handle('synced', (_from, frame) => this.#onSynced(whole(frame[1], 'number')))
    cluster.handle('ack', (from, frame) => this.#onAck(from, whole(frame[1], 'version')))
    cluster.handle('full', (_from, frame) => this.#onFull(frame))
    cluster.onLink((peer, isUp) => {
      if (isUp) this.#sendDigest(peer, false)
    })
    cluster.onTick((now) => this.#tick(now))
    cluster.onChange(() => this.#settleWaiters())
  }

  /** Resolves when this node may own children. */
  get joined(): Promise<void> {
    return this.#joined.promise
  }

  /** Writes a claim and sends it to all peers at the end of this turn of the event loop. */
  write(claim: Claim): DirectoryRecord {
    const record = this.#directory.write(claim)
    if (this.#pushing === undefined) {
      this.#pushing = Promise.withResolvers()
      this.#clock.soon(() => this.flush())
    }
    return record
  }

  /** Sends what was written since the last push. */
  flush(): void {
    const section = this.#directory.takePush()
    if (section !== undefined) {
      this.#lag.pushed(section.to, this.#clock.now())
      for (const { base, to, records } of cut(section, RECORDS_PER_FRAME)) {
        const frame: Frame = ['push', base, to, records.map(encodeRecord)]
        for (const { peer } of this.#cluster.links) this.#send(peer, frame)
      }
    }
    this.#pushing?.resolve()
    this.#pushing = undefined
  }

  /** Resolves when all that was written has been sent: what is sent to a peer after that comes to it later. */
  pushed(): Promise<void> {
    return this.#pushing?.promise ?? Promise.resolve()
  }

  /** Resolves with `true` when one peer has merged `version` (or there is none to wait for), with `false` if none has in time. */
  acknowledged(version: number): Promise<boolean> {
    return new Promise((settle) => {
      this.#waiters.push({ version, deadline: this.#clock.now() + this.#times.ackMs, settle })
      if (this.#cluster.alive.size === 1) this.#settleWaiters()
    })
  }

  /** Resolves with `true` when every live peer has merged all that this node has now, with `false` if that is not so in time. */
  confirmed(limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (isConfirmed: boolean) => {
        this.#confirmation = undefined
        timer.cancel()
        resolve(isConfirmed)
      }
      const timer = this.#clock.after(limitMs, () => settle(false))
      const peers = [...this.#cluster.alive].filter((id) => id !== this.#cluster.id)
      this.#confirmation = new Confirmation(new Map(this.#directory.context()), peers, settle)
      for (const peer of peers) this.#sendDigest(peer, false)
    })
  }

  #settleWaiters(): void {
    this.#confirmation?.keepOnly(this.#cluster.alive)
    if (this.#waiters.length === 0) return
    let acknowledged = 0
    for (const id of this.#cluster.alive) {
      if (id !== this.#cluster.id) acknowledged = Math.max(acknowledged, this.#acks.get(id, this.#directory.self))
    }
    const now = this.#clock.now()
    const isAlone = this.#cluster.alive.size === 1
    // Later ones wait for later versions, and have later deadlines.
    let settled = 0
    for (const { version, deadline, settle } of this.#waiters) {
      const isSafe = isAlone || version <= acknowledged
      if (!isSafe && deadline > now) break
      settle(isSafe)
      settled++
    }
    this.#waiters.splice(0, settled)
  }

  // ---- messages

  /** Whether a link was there to take it. */
  #send(peer: NodeId, frame: Frame): boolean {
    const link = this.#cluster.linkTo(peer)
    if (link !== undefined) link.counts.replicationBytes += link.send(frame)
    return link !== undefined
  }

  /** A peer has merged all of this node's up to a version. */
  #merged(peer: NodeId, version: number): void {
    for (const lagMs of this.#lag.shown(peer, version, this.#clock.now())) this.#events.emit('directory.replicated', { peer, lagMs })
  }

  #onPush(from: NodeId, frame: Frame): void {
    const writer = this.#rules.writerOf(from)
    if (this.#directory.merge(sectionOf(writer, frame[1], frame[2], frame[3]))) {
      this.#send(from, ['ack', this.#directory.merged(writer)])
    } else {
      this.#sendDigest(from, true)
    }
  }

  #onDelta(frame: Frame): void {
    for (const entry of list(frame[1], 'sections')) {
      const section = decodeSection(entry)
      // A peer that has not forgotten a writer yet must not teach it to who has.
      if (section.records.length > 0 || this.#isKnown(section.writer)) this.#directory.merge(section)
    }
  }

  #onFull(frame: Frame): void {
    this.#directory.mergeLoose(
      list(frame[1], 'records').map((entry) => {
        const [writer, record] = list(entry, 'record')
        return decodeRecord(record, text(writer, 'writer'))
      }),
    )
  }

  #onAck(from: NodeId, version: number): void {
    this.#acks.note(from, this.#directory.self, version)
    this.#merged(from, version)
    this.#settleWaiters()
  }

  #sendDigest(to: NodeId, isReply: boolean): void {
    const asks = isReply || this.#synced === undefined ? 0 : this.#syncs
    this.#send(to, ['digest', this.#directory.lamport, [...this.#directory.context()], isReply ? 1 : 0, asks])
  }

  /** Asks all peers, those too to whom a link comes up from now on, and calls `synced` once when all that one of them knew has been merged. */
  sync(synced: () => void): void {
    this.#syncs++
    this.#synced = synced
    for (const link of this.#cluster.links) this.#sendDigest(link.peer, false)
  }

  #onSynced(sync: number): void {
    const synced = this.#synced
    // An answer to an older question says what was known then.
    if (synced === undefined || sync !== this.#syncs) return
    this.#synced = undefined
    synced()
  }

  #onDigest(from: NodeId, frame: Frame): void {
    const theirs = new Map<NodeId, number>()
    for (const entry of list(frame[2], 'digest')) {
      const [id, version] = list(entry, 'digest entry')
      theirs.set(text(id, 'node id'), whole(version, 'version'))
    }
    this.#directory.lamport = Math.max(this.#directory.lamport, whole(frame[1], 'lamport'))
    for (const [id, version] of theirs) this.#acks.note(from, id, version)
    this.#merged(from, theirs.get(this.#directory.self) ?? 0)
    this.#confirmation?.shown(from, this.#acks)
    const sync = whole(frame[4], 'number')
    this.#sendLacking(from, theirs, sync === 0 ? [] : [() => ['synced', sync]])
    const isLacking = theirs.entries().some(([id, version]) => version > this.#directory.merged(id))
    if (isLacking && whole(frame[3], 'reply') === 0) this.#sendDigest(from, true)
    if (!isLacking) this.#join(from)
    this.#settleWaiters()
  }

  /** Sends what the peer has not merged, a frame a turn of the event loop, and then what follows it. */
  #sendLacking(to: NodeId, theirs: ReadonlyMap<NodeId, number>, then: readonly (() => Frame)[]): void {
    const pieces = packed(this.#directory.lacking(theirs).flatMap((section) => cut(section, RECORDS_PER_FRAME)))
    const [first, ...rest] = [...pieces.map((sections) => (): Frame => ['delta', sections.map(encodeSection)]), ...then]
    if (first !== undefined && this.#send(to, first())) this.#sendInTurns(to, rest)
  }

  #sendInTurns(to: NodeId, frames: readonly (() => Frame)[]): void {
    const [next, ...rest] = frames
    if (next === undefined) return
    this.#clock.soon(() => {
      if (this.#send(to, next())) this.#sendInTurns(to, rest)
    })
  }

  /** What was merged differs: then each shows the other all of it. It does not, but the records do: then they are sent. */
  #onHashes(from: NodeId, contextHash: number, liveHash: number): void {
    if (contextHash !== this.#directory.contextHash) {
      this.#mismatches.delete(from)
      this.#sendDigest(from, false)
      return
    }
    this.#confirmation?.confirmed(from)
    const mismatches = liveHash === this.#directory.liveHash ? 0 : (this.#mismatches.get(from) ?? 0) + 1
    this.#mismatches.set(from, mismatches)
    if (mismatches < this.#rules.mismatchesBeforeFull) return
    this.#mismatches.set(from, 0)
    const all = [...this.#directory.records()]
    const frames: (() => Frame)[] = []
    for (let at = 0; at < all.length; at += RECORDS_PER_FRAME) {
      const records = all.slice(at, at + RECORDS_PER_FRAME)
      frames.push(() => ['full', records.map((record) => [record.writer, encodeRecord(record)])])
    }
    this.#sendInTurns(from, frames)
  }

  /** A member, or a writer of records that still win. */
  #isKnown(writer: NodeId): boolean {
    const { membership } = this.#cluster
    return this.#directory.holdsFrom(writer) || writer === this.#directory.self || membership.knows(writer)
  }

  // ---- time

  #tick(now: number): void {
    const isForDigest = this.#ticks++ % this.#times.ticksPerDigest === 0
    const { contextHash, liveHash } = this.#directory
    for (const peer of this.#cluster.peersToTell()) {
      if (isForDigest) this.#sendDigest(peer, false)
      else this.#send(peer, ['hashes', contextHash, liveHash])
    }
    this.joinIfAlone(now)
    this.#settleWaiters()
    this.#tombstones.sweep(now)
    for (const id of this.#cluster.membership.forget(now, (member) => this.#directory.holdsFrom(member))) {
      this.#acks.forget(id)
      this.#lag.forget(id)
    }
    for (const [writer] of this.#directory.context()) if (!this.#isKnown(writer)) this.#directory.forget(writer)
  }

  /** Whether there is nobody to wait for. Asked at every tick, and by a node that has no topology at all at its start. */
  joinIfAlone(now: number): void {
    if (this.isJoined || this.#cluster.alive.size > 1) return
    const hasAddresses = [...this.#cluster.topologies].some((topology) => topology.addresses.size > 0)
    const hasTopologies = [...this.#cluster.topologies].length > 0
    const limit = hasAddresses ? this.#times.aloneMs : hasTopologies ? this.#times.aloneUnknownMs : 0
    if (now - this.#startedAt >= limit) this.#join(undefined)
  }

  #join(via: NodeId | undefined): void {
    if (this.isJoined) return
    this.isJoined = true
    this.#events.emit('directory.joined', {
      via,
      records: this.#directory.size,
      at: this.#clock.wall(),
      durationMs: this.#clock.now() - this.#startedAt,
    })
    this.#joined.resolve()
  }
}

/** Pieces put together to as many as one frame may hold. */
function packed(pieces: readonly Section[]): Section[][] {
  const frames: Section[][] = []
  let room = 0
  for (const piece of pieces) {
    room -= piece.records.length
    if (room < 0 || frames.length === 0) {
      frames.push([])
      room = RECORDS_PER_FRAME - piece.records.length
    }
    frames.at(-1)?.push(piece)
  }
  return frames
}
