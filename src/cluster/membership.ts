// One node's own view of who is in the cluster, by gossiped heartbeats. Pure: time is given, what follows is answered.
import type { NodeId } from '#process'
import type { MembershipCause, MembershipChange } from './events.ts'
import { incarnationOf, nodeId, nodeName } from './node-name.ts'

export type MemberStatus = 'up' | 'suspect' | 'leaving' | 'down' | 'left'

export interface MembershipTimes {
  /** How often heartbeats go out. */
  readonly tickMs: number
  /** Silence after which a member is shown as suspect, and after which it is down. */
  readonly suspectMs: number
  readonly downMs: number
  /** After so long a silence a member's id is forgotten; sooner if it left or was superseded. */
  readonly forgetMs: number
  readonly forgetGoneMs: number
}

export const DEFAULT_TIMES: MembershipTimes = {
  tickMs: 1000,
  suspectMs: 2000,
  downMs: 5000,
  forgetMs: 24 * 3600_000,
  forgetGoneMs: 3600_000,
}

/** What a simulation takes away, to see what it is there for. */
export interface MembershipRules {
  /** Whether what `teller` says of a member counts as news of it. All does: a broken link between two nodes is no death. */
  readonly isNews: (member: NodeId, teller: NodeId) => boolean
  /** How much younger all news become when this node's own time stood still: without it, who was stopped takes all others for dead. */
  readonly graceMs: (gapMs: number, tickMs: number) => number
}

export const MEMBERSHIP_RULES: MembershipRules = {
  isNews: () => true,
  graceMs: (gapMs, tickMs) => gapMs - tickMs,
}

export interface Member {
  readonly id: NodeId
  readonly name: string
  readonly incarnation: number
  address: string | undefined
  heartbeat: number
  /** Monotonic ms at which anybody I hear from last heard from it. */
  heardAt: number
  leaving: boolean
  left: boolean
  /** It takes nothing new; unlike a word to leave this may be taken back, so that its youngest heartbeat decides. */
  draining: boolean
  /** It has an arbiter and no lease from it: it may own nothing, whatever it owned before. Of its youngest heartbeat, too. */
  leaseless: boolean
  /** Down by unanimous refusal as long as no younger heartbeat is heard. */
  deadAtHeartbeat: number
  /** Who found at which of its heartbeats that nobody listens at its address. */
  readonly refusals: Map<NodeId, number>
  /** Names of the behaviours it can start; `undefined` until it is known. */
  offers: ReadonlySet<string> | undefined
  /** Where it says that it is; empty if it does not know. */
  zone: string
  /** The last hash of its own view that it has told. */
  viewHash: number | undefined
  /** Nobody waits for it any more to have merged what has ended. */
  isGivenUp: boolean
  status: MemberStatus
}

export interface Change {
  readonly member: Member
  /** Its status before; the member has the new one. */
  readonly from: MemberStatus
  readonly change: MembershipChange
  readonly cause: MembershipCause
  readonly silentMs: number
}

/** What gossip carries of a member: id, heartbeat, age of the last news in ms, and 1 (leaving), 2 (left), 4 (draining), 8 (without a lease). */
export type GossipEntry = readonly [id: NodeId, heartbeat: number, ageMs: number, flags: number]

/** A partition that lasts longer is found healed at the pace of the dialer's back-off. */
const SEEK_MS = 600_000
const LEAVING = 1
const LEFT = 2
const DRAINING = 4
const LEASELESS = 8

export class Membership {
  readonly self: NodeId
  readonly times: MembershipTimes
  readonly #rules: MembershipRules
  heartbeat = 0
  leaving = false
  left = false
  draining = false
  leaseless = false
  readonly #members = new Map<NodeId, Member>()
  /** The highest incarnation known of each name. */
  readonly #newest = new Map<string, number>()
  #lastTickAt: number

  constructor(self: NodeId, now: number, times: MembershipTimes = DEFAULT_TIMES, rules: MembershipRules = MEMBERSHIP_RULES) {
    this.self = self
    this.times = times
    this.#rules = rules
    this.#lastTickAt = now
    this.#newest.set(nodeName(self), incarnationOf(self))
  }

  get members(): IterableIterator<Member> {
    return this.#members.values()
  }

  member(id: NodeId): Member | undefined {
    return this.#members.get(id)
  }

  knows(id: NodeId): boolean {
    return id === this.self || this.#members.has(id)
  }

  /** Names of all nodes that are or may come back: who is down counts, who has left does not. */
  names(): Set<string> {
    const names = new Set([nodeName(this.self)])
    for (const member of this.#members.values()) if (!member.left && !this.#isSuperseded(member)) names.add(member.name)
    return names
  }

  /** Whether anybody I hear from has heard from it lately, it has not left, and no later life of it is known. */
  isAlive(id: NodeId, now: number): boolean {
    if (id === this.self) return true
    const member = this.#members.get(id)
    return member !== undefined && !this.#isGone(member) && now - member.heardAt < this.times.downMs
  }

  #isGone(member: Member): boolean {
    return member.left || member.heartbeat <= member.deadAtHeartbeat || this.#isSuperseded(member)
  }

  #isSuperseded(member: Member): boolean {
    return member.incarnation < (this.#newest.get(member.name) ?? 0)
  }

  /** Whether a later life of the member's name is known, so that this one is of no interest to anybody who looks. */
  isSuperseded(id: NodeId): boolean {
    const member = this.#members.get(id)
    return member !== undefined && this.#isSuperseded(member)
  }

  /** A younger life of this node's own name, if one is known: then this life has to end. */
  supersededBy(): NodeId | undefined {
    const name = nodeName(this.self)
    const newest = this.#newest.get(name) as number
    return newest > incarnationOf(this.self) ? nodeId(name, newest) : undefined
  }

  /** One beat. `gapMs` is set when time stood still for this node: then nobody is judged by the gap. */
  tick(now: number): { changes: Change[]; gapMs: number | undefined } {
    const gap = now - this.#lastTickAt
    this.#lastTickAt = now
    this.heartbeat++
    const paused = gap > 2 * this.times.tickMs
    if (paused) {
      const grace = this.#rules.graceMs(gap, this.times.tickMs)
      for (const member of this.#members.values()) member.heardAt = Math.min(now, member.heardAt + grace)
    }
    return { changes: this.#judge(now, 'heartbeat'), gapMs: paused ? gap : undefined }
  }

  /** This node's own part of the gossip: a heartbeat. */
  beat(): GossipEntry {
    return [this.self, this.heartbeat, 0, flagsOf(this)]
  }

  /** Says whether this node takes anything new, with a beat of its own: of two words the one of the younger heartbeat counts. */
  drain(isDraining: boolean): void {
    if (isDraining === this.draining) return
    this.draining = isDraining
    this.heartbeat++
  }

  /** The same for whether it may own anything at all. */
  lease(has: boolean): void {
    if (has !== this.leaseless) return
    this.leaseless = !has
    this.heartbeat++
  }

  /**
   * What goes to peers with each beat: members of whom there was news lately, or `all`. Those long silent are left out of either, so
   * that forgotten ids are not taught again.
   */
  gossip(now: number, all = true): GossipEntry[] {
    const entries: GossipEntry[] = [this.beat()]
    for (const member of this.#members.values()) {
      const age = Math.round(now - member.heardAt)
      if (age < (all ? this.#forgetMs(member) : 2 * this.times.downMs)) entries.push([member.id, member.heartbeat, age, flagsOf(member)])
    }
    return entries
  }

  /** A peer's gossip. `probe`: members whom this node found refused at an older heartbeat than is now known. */
  heard(entries: readonly GossipEntry[], now: number, from: NodeId): { changes: Change[]; probe: Member[] } {
    const probe: Member[] = []
    const turned: Member[] = []
    for (const [id, heartbeat, ageMs, flags] of entries) {
      if (id === this.self || !this.#isWorthKnowing(id, ageMs, flags)) continue
      const isNews = this.#rules.isNews(id, from)
      const known = this.#members.get(id)
      const member = known ?? this.#add(id, heartbeat, isNews ? now - ageMs : Number.NEGATIVE_INFINITY)
      if ((flags & LEAVING) !== 0) member.leaving = true
      if ((flags & LEFT) !== 0) member.left = true
      // Who had left before this node came is no news.
      if (known === undefined && member.left) member.status = 'left'
      if (heartbeat < member.heartbeat || !isNews) continue
      if (heartbeat > member.heartbeat && member.refusals.has(this.self)) probe.push(member)
      const isDraining = (flags & DRAINING) !== 0
      if (heartbeat > member.heartbeat || known === undefined) {
        member.leaseless = (flags & LEASELESS) !== 0
        if (isDraining !== member.draining) turned.push(member)
        member.draining = isDraining
      }
      member.heartbeat = heartbeat
      member.heardAt = Math.max(member.heardAt, now - ageMs)
      if (ageMs < this.times.downMs) member.isGivenUp = false
    }
    const changes = this.#judge(now, 'gossip')
    for (const member of turned) {
      if (member.status !== 'up' && member.status !== 'suspect') continue
      const change = member.draining ? 'drain' : 'resume'
      changes.push({ member, from: member.status, change, cause: 'gossip', silentMs: Math.max(0, now - member.heardAt) })
    }
    return { changes, probe }
  }

  #isWorthKnowing(id: NodeId, ageMs: number, flags: number): boolean {
    const member = this.#members.get(id)
    if (member !== undefined) return ageMs < this.times.forgetMs
    const isGone = (flags & LEFT) !== 0 || incarnationOf(id) < (this.#newest.get(nodeName(id)) ?? 0)
    return ageMs < (isGone ? this.times.forgetGoneMs : this.times.forgetMs)
  }

  /** A link to it is up: it lives, and this is where it listens. */
  linked(id: NodeId, address: string, now: number): Change[] {
    const member = this.#members.get(id) ?? this.#add(id, 0, now)
    member.address = address
    member.heardAt = now
    member.refusals.clear()
    member.deadAtHeartbeat = -1
    return this.#judge(now, 'link')
  }

  /** Where a member listens, as another member says. */
  introduce(id: NodeId, address: string): void {
    const member = this.#members.get(id)
    if (member !== undefined) member.address ??= address
  }

  /**
   * `by` found that nobody listens at the member's address, when it knew `heartbeat` of it. When every node that is alive in
   * this view says so of the newest heartbeat, the member is down at once: a process that was killed need not wait for silence.
   */
  refused(id: NodeId, by: NodeId, heartbeat: number, now: number): { changes: Change[]; isNewsToMe: boolean } {
    const member = this.#members.get(id)
    if (member === undefined) return { changes: [], isNewsToMe: false }
    const isNewsToMe = by !== this.self && heartbeat >= member.heartbeat && (member.refusals.get(this.self) ?? -1) < heartbeat
    member.heartbeat = Math.max(member.heartbeat, heartbeat)
    member.refusals.set(by, Math.max(heartbeat, member.refusals.get(by) ?? 0))
    if (!this.#isRefusedByAll(member, now)) return { changes: [], isNewsToMe }
    member.deadAtHeartbeat = member.heartbeat
    return { changes: this.#judge(now, 'refused'), isNewsToMe }
  }

  #isRefusedByAll(member: Member, now: number): boolean {
    const says = (id: NodeId) => (member.refusals.get(id) ?? -1) >= member.heartbeat
    if (!says(this.self)) return false
    for (const other of this.#members.values()) {
      if (other !== member && this.isAlive(other.id, now) && !says(other.id)) return false
    }
    return true
  }

  /** Members that silence took out lately: cut off rather than killed, they may be back at any moment. */
  silent(now: number): Member[] {
    return [...this.#members.values()].filter(
      (member) => member.status === 'down' && !this.#isGone(member) && now - member.heardAt < SEEK_MS,
    )
  }

  /** Forgets members that are long gone and of whom nothing is left; answers their ids. */
  forget(now: number, isNeeded: (id: NodeId) => boolean): NodeId[] {
    const forgotten: NodeId[] = []
    for (const member of this.#members.values()) {
      if (now - member.heardAt <= this.#forgetMs(member) || isNeeded(member.id)) continue
      this.#members.delete(member.id)
      forgotten.push(member.id)
    }
    return forgotten
  }

  #forgetMs(member: Member): number {
    return member.left || this.#isSuperseded(member) ? this.times.forgetGoneMs : this.times.forgetMs
  }

  /** Has nobody wait any more for the member that is down for longest; `undefined` if there is none to give up. */
  giveUpLongestDown(now: number): Member | undefined {
    let longest: Member | undefined
    for (const member of this.#members.values()) {
      if (member.isGivenUp || member.left || this.#isSuperseded(member) || this.isAlive(member.id, now)) continue
      if (longest === undefined || member.heardAt < longest.heardAt) longest = member
    }
    if (longest !== undefined) longest.isGivenUp = true
    return longest
  }

  #add(id: NodeId, heartbeat: number, heardAt: number): Member {
    const member: Member = {
      id,
      name: nodeName(id),
      incarnation: incarnationOf(id),
      address: undefined,
      heartbeat,
      heardAt,
      leaving: false,
      left: false,
      draining: false,
      leaseless: false,
      deadAtHeartbeat: -1,
      refusals: new Map(),
      offers: undefined,
      zone: '',
      viewHash: undefined,
      isGivenUp: false,
      status: 'down',
    }
    this.#members.set(id, member)
    if (member.incarnation > (this.#newest.get(member.name) ?? 0)) this.#newest.set(member.name, member.incarnation)
    return member
  }

  /** Compares each member's status with what was last said of it. */
  #judge(now: number, cause: MembershipCause): Change[] {
    const changes: Change[] = []
    for (const member of this.#members.values()) {
      const status = this.#statusOf(member, now)
      if (status === member.status) continue
      const { status: from } = member
      const change = changeOf(from, status)
      const why = this.#causeOf(member, change, cause)
      member.status = status
      changes.push({ member, from, change, cause: why, silentMs: Math.max(0, now - member.heardAt) })
    }
    return changes
  }

  /** News bring members in; what takes them out is silence, unless something surer is known. */
  #causeOf(member: Member, change: MembershipChange, news: MembershipCause): MembershipCause {
    if (change === 'leave') return 'left'
    if (change === 'join' || change === 'refute') return news
    if (this.#isSuperseded(member)) return 'superseded'
    return member.heartbeat <= member.deadAtHeartbeat ? 'refused' : 'heartbeat'
  }

  #statusOf(member: Member, now: number): MemberStatus {
    if (member.left) return 'left'
    if (!this.isAlive(member.id, now)) return 'down'
    if (member.leaving) return 'leaving'
    return now - member.heardAt < this.times.suspectMs ? 'up' : 'suspect'
  }
}

function flagsOf({ leaving, left, draining, leaseless }: Pick<Member, 'leaving' | 'left' | 'draining' | 'leaseless'>): number {
  return (leaving ? LEAVING : 0) | (left ? LEFT : 0) | (draining ? DRAINING : 0) | (leaseless ? LEASELESS : 0)
}

function changeOf(from: MemberStatus, to: MemberStatus): MembershipChange {
  if (to === 'down') return 'down'
  if (to === 'left' || to === 'leaving') return 'leave'
  if (to === 'suspect') return 'suspect'
  return from === 'suspect' ? 'refute' : 'join'
}
