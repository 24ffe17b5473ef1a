// This node's part in the cluster: links to peers, the view of members, and frames handed to whoever asked for their kind.
import type { Clock, Timer } from '#base'
import type { NodeId } from '#process'
import type { ClusterOptions } from './cluster-options.ts'
import { Dialer } from './dialer.ts'
import { BadFrame, whole } from './frame-check.ts'
import { Introductions } from './introductions.ts'
import { gossipIn } from './member-frames.ts'
import { type Change, DEFAULT_TIMES, type GossipEntry, Membership } from './membership.ts'
import { nodeName } from './node-name.ts'
import { QuorumWatch } from './quorum-watch.ts'
import { Refusals } from './refusals.ts'
import { RoundTrips } from './round-trips.ts'
import { SilentLinks } from './silent-links.ts'
import { Discovery, type TopologyState } from './topology/discovery.ts'
import { Traffic } from './traffic.ts'
import type { DialFailure, Frame, Link, TransportListener } from './transport/transport.ts'
import { viewHash } from './view-hash.ts'
import { whomToTell } from './whom-to-tell.ts'

/** Every so manieth beat speaks of all members; the others only of those of whom there was news lately. */
const BEATS_PER_FULL_GOSSIP = 5

type FrameHandler = (from: NodeId, frame: Frame) => void

export class Cluster {
  readonly id: NodeId
  readonly membership: Membership
  readonly quorum: QuorumWatch
  readonly introductions: Introductions
  readonly traffic: Traffic
  readonly #refusals: Refusals
  readonly #options: ClusterOptions
  readonly #clock: Clock
  readonly #dialer: Dialer
  readonly #links = new Map<NodeId, Link>()
  readonly #upAt = new WeakMap<Link, number>()
  readonly #silent: SilentLinks
  readonly #handlers = new Map<string, FrameHandler>()
  readonly #changeListeners: ((change: Change) => void)[] = []
  readonly #linkListeners: ((peer: NodeId, isUp: boolean) => void)[] = []
  readonly #tickListeners: ((now: number) => void)[] = []
  readonly #discovery: Discovery
  #aliveIds: ReadonlySet<NodeId>
  #viewHash: number
  #timer: Timer | undefined
  #isStopped = false
  #isSuperseded = false
  /** Called once when a younger life of this node's name is seen. */
  onSuperseded: (by: NodeId) => void = () => undefined

  constructor(options: ClusterOptions) {
    this.id = options.id
    this.#options = options
    this.#clock = options.clock
    this.membership = new Membership(options.id, options.clock.now(), options.times ?? DEFAULT_TIMES, options.rules)
    this.traffic = new Traffic(this.#links, this.membership)
    this.#silent = new SilentLinks(this.membership.times.downMs)
    this.#aliveIds = new Set([options.id])
    this.#viewHash = viewHash(this.#aliveIds)
    this.#dialer = new Dialer(
      options.transport,
      options.clock,
      options.random,
      (address) => [...this.#links.values()].some((link) => link.peerAddress === address),
      (address, failure) => this.#onDialFailed(address, failure),
    )
    this.#discovery = new Discovery({
      topologies: options.topologies,
      clock: options.clock,
      events: options.events,
      found: (address) => this.#dialer.keep(address),
      lost: (address) => this.#onNowhereFound(address),
    })
    this.quorum = new QuorumWatch(nodeName(options.id), () => this.expectedMembers, options.clock, options.events)
    this.introductions = new Introductions(this, options, (address) => this.#dialer.keep(address))
    this.#refusals = new Refusals(this, {
      now: () => options.clock.now(),
      dial: (address) => this.#dialer.dial(address),
      state: (changes) => this.#state(changes),
    })
    this.handle('gossip', (from, frame) => this.#onGossip(from, frame))
    new RoundTrips(this, options.clock, options.events)
  }

  // ---- for other rooms

  get address(): string {
    return this.#options.transport.address
  }

  get links(): IterableIterator<Link> {
    return this.#links.values()
  }

  get topologies(): IterableIterator<TopologyState> {
    return this.#discovery.states
  }

  /** How many members there should be: as configured, else the greatest number that a topology knows. */
  get expectedMembers(): number | undefined {
    return this.#options.membersExpected ?? this.#discovery.expected
  }

  /** Registers who receives frames of a kind. A handler throws `BadFrame` for what is none. */
  handle(kind: string, handler: FrameHandler): void {
    this.#handlers.set(kind, handler)
  }

  onChange(listener: (change: Change) => void): void {
    this.#changeListeners.push(listener)
  }

  onLink(listener: (peer: NodeId, isUp: boolean) => void): void {
    this.#linkListeners.push(listener)
  }

  /** Called with each beat, after the heartbeats have gone out. */
  onTick(listener: (now: number) => void): void {
    this.#tickListeners.push(listener)
  }

  /** Ids alive in this node's view as of the last news, its own among them. */
  get alive(): ReadonlySet<NodeId> {
    return this.#aliveIds
  }

  /** Over the ids that are alive: equal on nodes that see the same members. 32 bits. */
  get viewHash(): number {
    return this.#viewHash
  }

  /** Who may be given something: alive, neither draining, without a lease nor on its way out, and able to start the behaviour, if one is named. */
  candidates(behaviour?: string): NodeId[] {
    return [...this.#aliveIds].filter(
      (id) => !this.isLeaving(id) && this.hasLease(id) && (behaviour === undefined || this.introductions.canStart(id, behaviour)),
    )
  }

  /** Whether it is on its way out or drains: it hands over its children by itself. */
  isLeaving(id: NodeId): boolean {
    if (id === this.id) return this.membership.leaving || this.membership.draining || this.#discovery.isSelfTerminating
    const member = this.membership.member(id)
    return member?.leaving !== false || member.draining || this.#discovery.isTerminating(member.address)
  }

  /** Whether it may own names, as far as that is up to an arbiter: a node that has none does not say otherwise. */
  hasLease(id: NodeId): boolean {
    return id === this.id ? !this.membership.leaseless : this.membership.member(id)?.leaseless === false
  }

  /** In which zone a node is: as it says itself, else as a topology does; empty if nobody knows. */
  zoneOf(id: NodeId): string {
    const address = id === this.id ? this.address : this.membership.member(id)?.address
    return this.introductions.zoneOf(id) || this.#discovery.zoneOf(address)
  }

  /** Peers with a link that are told everything now: all of a few, a few of many. */
  peersToTell(): NodeId[] {
    return whomToTell([...this.#links.keys()], this.#options.random)
  }

  linkTo(peer: NodeId): Link | undefined {
    return this.#links.get(peer)
  }

  isLinked(peer: NodeId): boolean {
    return this.#links.has(peer)
  }

  /** Whether a link was there to take the frame. */
  send(peer: NodeId, frame: Frame): boolean {
    const link = this.#links.get(peer)
    link?.send(frame)
    return link !== undefined
  }

  broadcast(frame: Frame): void {
    for (const link of this.#links.values()) link.send(frame)
  }

  // ---- its life

  async start(): Promise<void> {
    await this.#options.transport.listen(this.#listener())
    await this.#discovery.start({ id: this.id, address: this.address })
    this.#scheduleTick()
  }

  /** Says that this node takes nothing new from now on. */
  leave(): void {
    this.membership.leaving = true
    this.#sendGossip()
  }

  /** Says that this node takes nothing new for a while, or that it does again. */
  drain(isDraining: boolean): void {
    this.membership.drain(isDraining)
    this.#sendGossip()
  }

  /** Says whether this node's arbiter lets it own names now. */
  lease(has: boolean): void {
    this.membership.lease(has)
    this.#sendGossip()
  }

  /** Says goodbye, so that nobody waits for this node, and closes everything. */
  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#timer?.cancel()
    this.membership.leaving = true
    this.membership.left = true
    this.membership.heartbeat++
    this.#sendGossip()
    this.#dialer.close()
    await this.#discovery.stop()
    await this.#options.transport.close()
  }

  #scheduleTick(): void {
    const { tickMs } = this.membership.times
    // Jitter keeps the ticks of nodes that started together apart.
    this.#timer = this.#clock.after(tickMs * (0.9 + 0.2 * this.#options.random.next()), () => this.#tick())
  }

  #tick(): void {
    if (this.#isStopped) return
    const now = this.#clock.now()
    const { changes, gapMs } = this.membership.tick(now)
    if (gapMs !== undefined) this.#options.events.emit('cluster.paused', { gapMs: Math.round(gapMs) })
    this.#state(changes)
    this.#beat(now)
    this.#agree()
    for (const link of this.#silent.find([...this.#links.values()], now, gapMs ?? 0)) link.close('silent')
    this.#dialer.seek(new Set(this.membership.silent(now).flatMap(({ address }) => address ?? [])))
    for (const listener of this.#tickListeners) listener(now)
    this.#scheduleTick()
  }

  /** Who is told nothing of others is told at least that this node lives. */
  #beat(now: number): void {
    const isForAll = this.membership.heartbeat % BEATS_PER_FULL_GOSSIP === 0
    const told = new Set(this.peersToTell())
    const gossip = this.#gossip(this.membership.gossip(now, isForAll))
    const beat = told.size < this.#links.size ? this.#gossip([this.membership.beat()]) : gossip
    for (const link of this.#links.values()) link.send(told.has(link.peer) ? gossip : beat)
  }

  #gossip(entries: readonly GossipEntry[]): Frame {
    return ['gossip', entries, this.#viewHash, this.quorum.expected.size]
  }

  #sendGossip(): void {
    this.broadcast(this.#gossip(this.membership.gossip(this.#clock.now())))
  }

  /** Whether all peers have shown the same view: then so many members there are. */
  #agree(): void {
    for (const peer of this.#links.keys()) if (this.membership.member(peer)?.viewHash !== this.#viewHash) return
    this.quorum.expected.agreed(this.#aliveIds.size)
    this.#lookForQuorum()
  }

  #lookForQuorum(): void {
    this.quorum.look({ alive: new Set([...this.#aliveIds].map(nodeName)), known: this.membership.names() })
  }

  #listener(): TransportListener {
    return {
      up: (link, durationMs) => this.#onUp(link, durationMs),
      frame: (link, frame) => this.#onFrame(link, frame),
      closed: (link, reason) => this.#onClosed(link, reason),
      handshakeRefused: (reason, remote, detail) => this.#options.events.emit('cluster.handshake_refused', { reason, remote, detail }),
      frameRefused: (peer, reason) => this.#options.events.emit('cluster.frame_refused', { peer, reason }),
      certificatesRefused: (error) => this.#options.events.emit('cluster.certificates_refused', { error }),
      secretsRefused: (error) => this.#options.events.emit('cluster.secrets_refused', { error }),
      isBehind: () => this.#options.isBehind?.() ?? false,
    }
  }

  #onUp(link: Link, durationMs: number): void {
    this.#links.set(link.peer, link)
    this.#upAt.set(link, this.#clock.now())
    this.#options.events.emit('cluster.link_up', {
      peer: link.peer,
      address: link.peerAddress,
      direction: link.direction,
      protocol: link.protocol,
      startedAt: this.#clock.wall() - Math.round(durationMs),
      durationMs,
    })
    const changes = this.membership.linked(link.peer, link.peerAddress, this.#clock.now())
    this.introductions.introduce(link)
    link.send(this.#gossip(this.membership.gossip(this.#clock.now())))
    link.send(this.introductions.others(link.peer))
    this.#state(changes)
    for (const listener of this.#linkListeners) listener(link.peer, true)
  }

  #onFrame(link: Link, frame: Frame): void {
    try {
      const handler = this.#handlers.get(frame[0])
      if (handler === undefined) throw new BadFrame(`no frame of kind ${JSON.stringify(frame[0])} is known`)
      handler(link.peer, frame)
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error
      this.#options.events.emit('cluster.frame_refused', { peer: link.peer, reason: error.message })
      link.close('bad frame')
    }
  }

  #onClosed(link: Link, reason: string): void {
    this.traffic.ended(link)
    if (this.#links.get(link.peer) !== link) return
    this.#links.delete(link.peer)
    this.#options.events.emit('cluster.link_down', { peer: link.peer, address: link.peerAddress, reason, at: this.#clock.wall() })
    for (const listener of this.#linkListeners) listener(link.peer, false)
    if (this.#isStopped) return
    if (this.membership.member(link.peer)?.left !== true) this.#redial(link)
    this.#discovery.refresh()
  }

  /** At once, since "nobody listens there" is how a killed process is told from a cut cable; but two that cannot talk do not spin. */
  #redial(link: Link): void {
    const hasLasted = this.#clock.now() - (this.#upAt.get(link) ?? 0) >= this.membership.times.tickMs
    if (hasLasted) this.#dialer.dial(link.peerAddress)
    else this.#dialer.dialLater(link.peerAddress)
  }

  #onDialFailed(address: string, failure: DialFailure): void {
    const isRefused = failure.kind === 'refused'
    this.#options.events.emit('cluster.connect_failed', { address, reason: `${failure.kind}: ${failure.detail}`, refused: isRefused })
    for (const member of this.membership.members) {
      if (member.address === address && isRefused && !this.#links.has(member.id)) this.#refusals.report(member)
      if (member.address === address && (member.left || this.membership.isSuperseded(member.id))) this.#dialer.drop(address)
    }
  }

  #onGossip(from: NodeId, frame: Frame): void {
    const entries = gossipIn(frame[1])
    const { changes, probe } = this.membership.heard(entries, this.#clock.now(), from)
    const teller = this.membership.member(from)
    if (teller !== undefined) teller.viewHash = whole(frame[2], 'hash of a view')
    this.quorum.expected.told(whole(frame[3], 'number of members'))
    this.#state(changes)
    this.#refusals.probe(probe)
    this.introductions.askFor(entries, from)
  }

  /** States what changed in the view, to the event stream and to other rooms. */
  #state(changes: readonly Change[]): void {
    const now = this.#clock.now()
    const alive = new Set([this.id])
    for (const member of this.membership.members) if (this.membership.isAlive(member.id, now)) alive.add(member.id)
    this.#aliveIds = alive
    if (changes.length > 0) this.#viewHash = viewHash(alive)
    for (const change of changes) {
      const { member } = change
      if (change.change === 'leave' && member.status === 'left') this.quorum.expected.left(alive.size)
      // A member that said that it leaves has left when it says so: one departure, one fact.
      if (change.from !== 'leaving' || member.status !== 'left') this.#stateChange(change)
      if (member.address !== undefined && (member.left || this.membership.isSuperseded(member.id))) this.#dialer.drop(member.address)
      for (const listener of this.#changeListeners) listener(change)
    }
    if (changes.length > 0) this.#lookForQuorum()
    const by = this.membership.supersededBy()
    if (by !== undefined && !this.#isStopped && !this.#isSuperseded) {
      this.#isSuperseded = true
      this.#options.events.emit('cluster.superseded', { by })
      this.onSuperseded(by)
    }
  }

  #stateChange({ member, change, cause, silentMs }: Change): void {
    this.#options.events.emit('cluster.member_changed', {
      member: member.id,
      name: member.name,
      change,
      cause,
      at: this.#clock.wall(),
      silentMs: Math.round(silentMs),
      trace: this.#options.currentTrace?.(),
    })
  }

  /** Whoever is alive is dialled again if its link breaks: a topology may have lost sight of it alone. */
  #onNowhereFound(address: string): void {
    const isAlive = [...this.membership.members].some((member) => member.address === address && this.#aliveIds.has(member.id))
    if (!isAlive) this.#dialer.drop(address)
  }
}
