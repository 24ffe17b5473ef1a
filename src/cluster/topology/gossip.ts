// The topology of one network: nodes tell each other by UDP multicast where they are, proven with the secret. libcluster's Gossip.
import { isIPv4 } from 'node:net'
import { type Clock, type Random, systemClock, systemRandom, type Timer } from '#base'
import { checkClusterName } from '../handshake-message.ts'
import { type Keys, type SecretOption, Secrets } from '../secrets.ts'
import { TokenBucket } from '../token-bucket.ts'
import { type GossipKind, gossipKeys, readDatagram, writeDatagram } from './gossip-datagram.ts'
import { Ear } from './gossip-ear.ts'
import { type JoinMulticast, joinMulticast, type MulticastMember } from './multicast.ts'
import { checkOptions, isDuration, isPort } from './option-checks.ts'
import type { RunningTopology, TopologyListener, TopologyRefusal, TopologySelf, TopologyStrategy } from './strategy.ts'

export interface GossipTopologyOptions {
  /** The cluster's: words that are not proven with it are not believed. */
  readonly secret: SecretOption
  /** Words of other clusters are passed over. Default `otp-labs`. */
  readonly cluster?: string
  /** Default 45892, as libcluster's. */
  readonly port?: number
  /** An IPv4 multicast group. Default 233.252.1.32. */
  readonly address?: string
  /** The IPv4 address of this host on the network to use. Default: the system chooses. */
  readonly interface?: string
  /** How many routers a word may pass. Default 1: it stays in this network. */
  readonly ttl?: number
  /** Between two words, give or take a quarter. Default 1.5 s. */
  readonly intervalMs?: number
  /** A peer that was not heard for so long is lost. Default 5 intervals. */
  readonly lostAfterMs?: number
  /** How long a look waits for answers. Default 250 ms. */
  readonly answersWithinMs?: number
  /** How far the wall clocks of two hosts may be apart. Default 30 s. */
  readonly windowMs?: number
  readonly clock?: Clock
  readonly random?: Random
  /** Instead of UDP; for tests. */
  readonly join?: JoinMulticast
}

interface GossipSettings extends Required<Omit<GossipTopologyOptions, 'secret' | 'interface'>> {
  readonly interface: string | undefined
  /** Asked at each beat. */
  readonly keys: () => Keys
}

/** Answers to one question are spread over so long, so that a large cluster does not answer at one moment. */
const SPREAD_MS = 50
/** More words a second are dropped unread. */
const WORDS_PER_SECOND = 1000

/** Throws `ERR_OTP_CLUSTER_BAD_TOPOLOGY`, or `ERR_OTP_CLUSTER_WEAK_SECRET`, for options that cannot work. */
export function gossipTopology(options: GossipTopologyOptions): TopologyStrategy {
  const { secret, ...rest } = options
  const { intervalMs = 1500 } = options
  // The transport has the same source, and says what is wrong with it.
  const secrets = new Secrets(secret, () => undefined)
  const settings: GossipSettings = {
    cluster: 'otp-labs',
    port: 45_892,
    address: '233.252.1.32',
    interface: undefined,
    ttl: 1,
    intervalMs,
    lostAfterMs: 5 * intervalMs,
    answersWithinMs: 250,
    windowMs: 30_000,
    clock: systemClock,
    random: systemRandom,
    join: joinMulticast,
    ...rest,
    keys: () => secrets.keys,
  }
  const group = settings.address.split('.')[0]
  checkClusterName(settings.cluster)
  checkOptions('gossip', [
    [isPort(settings.port), 'a port from 1 to 65535', settings.port],
    [isIPv4(settings.address) && Number(group) >= 224 && Number(group) <= 239, 'an IPv4 multicast address', settings.address],
    [settings.interface === undefined || isIPv4(settings.interface), 'an IPv4 address of this host as interface', settings.interface],
    [Number.isInteger(settings.ttl) && settings.ttl >= 0 && settings.ttl <= 255, 'a ttl from 0 to 255', settings.ttl],
    [isDuration(intervalMs, 1), 'an intervalMs of 1 ms or more', intervalMs],
    [isDuration(settings.lostAfterMs, 2 * intervalMs), 'a lostAfterMs of at least two intervals', settings.lostAfterMs],
    [isDuration(settings.answersWithinMs, 0), 'an answersWithinMs of 0 or more', settings.answersWithinMs],
    [isDuration(settings.windowMs, 1000), 'a windowMs of 1 s or more', settings.windowMs],
  ])
  return {
    name: 'gossip',
    start: async (self, listener) => {
      const gossip = new Gossip(settings, self, listener)
      await gossip.start()
      return gossip
    },
  }
}

/** One node that speaks and listens. */
class Gossip implements RunningTopology {
  readonly #settings: GossipSettings
  readonly #self: TopologySelf
  readonly #ear: Ear
  readonly #bucket: TokenBucket
  readonly #refusals = new Map<TopologyRefusal, number>()
  #keys: Keys
  readonly #timers = new Map<'beat' | 'answer' | 'tell', Timer>()
  /** Undefined once it was stopped. */
  #listener: TopologyListener | undefined
  #member: MulticastMember | undefined
  #counter = 0
  /** Anything of this cluster, be it this node's own, has come in since the set was told. */
  #hasHeard = false
  #isFailing = false
  #stopped: Promise<void> | undefined

  constructor(settings: GossipSettings, self: TopologySelf, listener: TopologyListener) {
    this.#settings = settings
    this.#self = self
    this.#listener = listener
    this.#keys = gossipKeys(settings.keys())
    this.#ear = new Ear(self.id, settings, settings.clock.wall())
    this.#bucket = new TokenBucket(WORDS_PER_SECOND, settings.clock.now())
  }

  async start(): Promise<void> {
    this.#member = await this.#settings.join(this.#settings, {
      heard: (bytes) => this.#onBytes(bytes),
      failed: (error) => this.#listener?.failed(error),
    })
    void this.#say('asks')
    const { clock, answersWithinMs } = this.#settings
    // A turn for the socket at the end: answers that came while the event loop was busy are read first.
    await new Promise<void>((resolve) => clock.after(answersWithinMs, () => clock.soon(resolve)))
    this.#tell()
    this.#beatLater()
  }

  refresh(): void {
    if (this.#listener === undefined || this.#timers.has('tell')) return
    void this.#say('asks')
    this.#later('tell', this.#settings.answersWithinMs, () => this.#tell())
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#leave()
    return this.#stopped
  }

  async #leave(): Promise<void> {
    this.#listener = undefined
    for (const timer of this.#timers.values()) timer.cancel()
    await this.#say('bye')
    await this.#member?.close()
  }

  #later(what: 'beat' | 'answer' | 'tell', ms: number, fn: () => void): void {
    const timer = this.#settings.clock.after(ms, () => {
      this.#timers.delete(what)
      if (this.#listener !== undefined) fn()
    })
    this.#timers.set(what, timer)
  }

  #beatLater(): void {
    const { intervalMs, random } = this.#settings
    this.#later('beat', intervalMs * (0.75 + 0.5 * random.next()), () => this.#beat())
  }

  #beat(): void {
    this.#member?.stay()
    this.#keys = gossipKeys(this.#settings.keys())
    void this.#say('here')
    this.#ear.forget(this.#settings.clock.now())
    this.#tell()
    for (const [reason, count] of this.#refusals) this.#listener?.refused(reason, count)
    this.#refusals.clear()
    this.#beatLater()
  }

  /** A node that hears not even itself has no news. */
  #tell(): void {
    if (!this.#hasHeard) return
    this.#hasHeard = false
    this.#listener?.peers(this.#ear.addresses(this.#settings.clock.now()))
  }

  /** A failure is told once, until a word has gone out again. */
  async #say(kind: GossipKind): Promise<void> {
    const { cluster, clock } = this.#settings
    const word = { kind, cluster, ...this.#self, counter: ++this.#counter, sentAt: clock.wall() }
    try {
      await this.#member?.send(writeDatagram(word, this.#keys[0]))
      this.#isFailing = false
    } catch (error) {
      if (!this.#isFailing) this.#listener?.failed(error as Error)
      this.#isFailing = true
    }
  }

  #onBytes(bytes: Buffer): void {
    if (this.#listener === undefined) return
    const { cluster, clock } = this.#settings
    const word = this.#bucket.take(clock.now()) ? readDatagram(bytes, cluster, ...this.#keys) : 'rate'
    if (typeof word === 'string') {
      this.#refuse(word)
      return
    }
    const heard = this.#ear.hear(word, clock.wall(), clock.now())
    if (heard === 'replay' || heard === 'time') {
      this.#refuse(heard)
      return
    }
    this.#hasHeard = true
    if (heard === 'own') return
    if (word.kind === 'asks' && !this.#timers.has('answer')) this.#answerLater()
    // The first look tells all that it found at once.
    if (heard === 'news' && this.#timers.has('beat')) this.#tell()
  }

  #answerLater(): void {
    this.#later('answer', SPREAD_MS * this.#settings.random.next(), () => void this.#say('here'))
  }

  /** Counted, and told with the next beat: a flood makes no flood of facts. */
  #refuse(reason: TopologyRefusal): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1)
  }
}
