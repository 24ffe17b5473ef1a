// Keeps the directory alike on all nodes: own changes are pushed at once, gaps are repaired by digests (scuttlebutt reconciliation).
import type { Clock, Emitter } from '#base'
import { type Cluster, type Frame, list, text, whole } from '#cluster'
import type { NodeId } from '#process'
import type { Directory } from './directory.ts'
import type { DistributedEvents } from './events.ts'
import type { Claim, DirectoryRecord } from './record.ts'
import { decodeRecord, decodeSection, encodeRecord, encodeSection, sectionOf } from './record-codec.ts'

export interface ReplicatorTimes {
  /** A node that finds no peer is alone after so long; sooner where no topology has found an address. */
  readonly aloneMs: number
  readonly aloneUnknownMs: number
  /** An ended birth is remembered at least so long. */
  readonly tombstoneMs: number
  /** How long a start waits for one peer to have it. */
  readonly ackMs: number
}

export const DEFAULT_REPLICATOR_TIMES: ReplicatorTimes = { aloneMs: 4000, aloneUnknownMs: 500, tombstoneMs: 600_000, ackMs: 5000 }

/** Equal versions but different hashes in so many digests running: all records are sent once. */
const MISMATCHES_BEFORE_FULL = 3
/** Records in one frame of a full transfer. */
const FULL_CHUNK = 1000
/** Ended births looked at in one tick. */
const TOMBSTONES_PER_TICK = 1000

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
  readonly #times: ReplicatorTimes
  /** The last context each peer has shown. */
  readonly #acks = new Map<NodeId, Map<NodeId, number>>()
  readonly #mismatches = new Map<NodeId, number>()
  readonly #endedSeenAt = new WeakMap<DirectoryRecord, number>()
  readonly #startedAt: number
  #waiters: Waiter[] = []
  #isPushing = false
  #joined = Promise.withResolvers<void>()
  /** It has merged what one peer knew, or there is no peer: from now on this node may own children. */
  isJoined = false

  constructor(cluster: Cluster, directory: Directory, clock: Clock, events: Emitter<DistributedEvents>, times = DEFAULT_REPLICATOR_TIMES) {
    this.#cluster = cluster
    this.#directory = directory
    this.#clock = clock
    this.#events = events
    this.#times = times
    this.#startedAt = clock.now()
    cluster.handle('push', (from, frame) => this.#onPush(from, frame))
    cluster.handle('delta', (_from, frame) => this.#onDelta(frame))
    cluster.handle('digest', (from, frame) => this.#onDigest(from, frame))
    cluster.handle('ack', (from, frame) => this.#onAck(from, text(frame[1], 'writer'), whole(frame[2], 'version')))
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
    if (!this.#isPushing) {
      this.#isPushing = true
      this.#clock.soon(() => this.flush())
    }
    return record
  }

  /** Sends what was written since the last push. */
  flush(): void {
    this.#isPushing = false
    const section = this.#directory.takePush()
    if (section !== undefined) this.#cluster.broadcast(['push', section.base, section.to, section.records.map(encodeRecord)])
  }

  /** Resolves with `true` when one peer has merged `version` (or there is none to wait for), with `false` if none has in time. */
  acknowledged(version: number): Promise<boolean> {
    return new Promise((settle) => {
      this.#waiters.push({ version, deadline: this.#clock.now() + this.#times.ackMs, settle })
      if (this.#cluster.alive.size === 1) this.#settleWaiters()
    })
  }

  #settleWaiters(): void {
    if (this.#waiters.length === 0) return
    let acknowledged = 0
    for (const id of this.#cluster.alive) {
      if (id !== this.#cluster.id) acknowledged = Math.max(acknowledged, this.#acks.get(id)?.get(this.#cluster.id) ?? 0)
    }
    const now = this.#clock.now()
    const isAlone = this.#cluster.alive.size === 1
    this.#waiters = this.#waiters.filter((waiter) => {
      const isSafe = isAlone || waiter.version <= acknowledged
      if (isSafe || waiter.deadline <= now) waiter.settle(isSafe)
      return !isSafe && waiter.deadline > now
    })
  }

  // ---- messages

  #onPush(from: NodeId, frame: Frame): void {
    const section = sectionOf(from, frame[1], frame[2], frame[3])
    if (this.#directory.merge(section)) this.#cluster.send(from, ['ack', from, this.#directory.context.get(from) ?? 0])
    else this.#sendDigest(from, true)
  }

  #onDelta(frame: Frame): void {
    for (const section of list(frame[1], 'sections')) this.#directory.merge(decodeSection(section))
  }

  #onFull(frame: Frame): void {
    this.#directory.mergeLoose(
      list(frame[1], 'records').map((entry) => {
        const [writer, record] = list(entry, 'record')
        return decodeRecord(record, text(writer, 'writer'))
      }),
    )
  }

  #onAck(from: NodeId, writer: NodeId, version: number): void {
    this.#note(from, writer, version)
    this.#settleWaiters()
  }

  #note(from: NodeId, writer: NodeId, version: number): void {
    let acks = this.#acks.get(from)
    if (acks === undefined) {
      acks = new Map()
      this.#acks.set(from, acks)
    }
    if (version > (acks.get(writer) ?? 0)) acks.set(writer, version)
  }

  #sendDigest(to: NodeId, isReply: boolean): void {
    const { lamport, liveHash, context } = this.#directory
    this.#cluster.send(to, ['digest', lamport, liveHash, [...context], isReply ? 1 : 0])
  }

  #onDigest(from: NodeId, frame: Frame): void {
    const theirs = new Map<NodeId, number>()
    for (const entry of list(frame[3], 'digest')) {
      const [id, version] = list(entry, 'digest entry')
      theirs.set(text(id, 'node id'), whole(version, 'version'))
    }
    this.#directory.lamport = Math.max(this.#directory.lamport, whole(frame[1], 'lamport'))
    for (const [id, version] of theirs) this.#note(from, id, version)
    const isBehind = this.#sendLacking(from, theirs)
    const isLacking = [...theirs].some(([id, version]) => version > (this.#directory.context.get(id) ?? 0))
    if (isLacking && whole(frame[4], 'reply') === 0) this.#sendDigest(from, true)
    if (!isLacking) this.#join(from)
    this.#compareHashes(from, !isBehind && !isLacking && whole(frame[2], 'hash') !== this.#directory.liveHash)
    this.#settleWaiters()
  }

  /** Sends what the peer has not merged, all sections in one frame. */
  #sendLacking(to: NodeId, theirs: ReadonlyMap<NodeId, number>): boolean {
    const sections: unknown[] = []
    for (const [writer, version] of this.#directory.context) {
      const base = theirs.get(writer) ?? 0
      if (version <= base) continue
      sections.push(encodeSection({ writer, base, to: version, records: this.#directory.since(writer, base) }))
    }
    if (sections.length > 0) this.#cluster.send(to, ['delta', sections])
    return sections.length > 0
  }

  #compareHashes(from: NodeId, isMismatch: boolean): void {
    const mismatches = isMismatch ? (this.#mismatches.get(from) ?? 0) + 1 : 0
    this.#mismatches.set(from, mismatches)
    if (mismatches < MISMATCHES_BEFORE_FULL) return
    this.#mismatches.set(from, 0)
    const all = [...this.#directory.records()].map((record) => [record.writer, encodeRecord(record)])
    for (let i = 0; i < all.length; i += FULL_CHUNK) this.#cluster.send(from, ['full', all.slice(i, i + FULL_CHUNK)])
  }

  // ---- time

  #tick(now: number): void {
    for (const link of this.#cluster.links) this.#sendDigest(link.peer, false)
    this.joinIfAlone(now)
    this.#settleWaiters()
    this.#dropTombstones(now)
    for (const id of this.#cluster.membership.forget(now, (member) => this.#directory.holdsFrom(member))) {
      this.#directory.forget(id)
      this.#acks.delete(id)
    }
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

  /** Forgets ended births that everybody who may ever speak again has merged, and that are old enough (Wuu & Bernstein 1984). */
  #dropTombstones(now: number): void {
    let left = TOMBSTONES_PER_TICK
    for (const key of this.#directory.ended) {
      if (left-- === 0) return
      const record = this.#directory.get(key) as DirectoryRecord
      const seenAt = this.#endedSeenAt.get(record)
      if (seenAt === undefined) this.#endedSeenAt.set(record, now)
      else if (now - seenAt >= this.#times.tombstoneMs && this.#isKnownToAll(record, now)) this.#directory.drop(key)
    }
  }

  #isKnownToAll(record: DirectoryRecord, now: number): boolean {
    for (const member of this.#cluster.membership.members) {
      if (member.id === record.writer || member.left || this.#cluster.membership.isSuperseded(member.id)) continue
      if (now - member.heardAt > this.#cluster.membership.times.forgetMs) continue
      if ((this.#acks.get(member.id)?.get(record.writer) ?? 0) < record.version) return false
    }
    return true
  }
}
