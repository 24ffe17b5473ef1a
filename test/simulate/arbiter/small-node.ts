// As little of a node as an arbiter needs: it claims names, handles messages under them, gives them away and up, and tells others what it knows.

import { EventStream, type Random } from '#base'
import type { Arbiter, ArbiterFactory, Claimant, DistributedEvents, Grant } from '#distributed'
import type { Handled } from '#test/support/arbitrated-box.ts'
import type { FakeClock } from '#test/support/fake-clock.ts'
import { NodeClock } from '#test/support/node-clock.ts'

/** What a node knows of a name: the greatest epoch counts. */
export interface Known {
  readonly gen: number
  readonly founder: string
  readonly epoch: number
  readonly owner: string
  readonly isEnded: boolean
}

export type Message =
  | { readonly type: 'gossip'; readonly hasLease: boolean; readonly known: readonly (readonly [string, Known])[] }
  | { readonly type: 'commit'; readonly name: string; readonly from: Known }
  | { readonly type: 'active' | 'refuse'; readonly name: string; readonly epoch: number }

interface Child {
  readonly name: string
  readonly gen: number
  readonly founder: string
  grant: Grant
  /** `held`: it was to go to another node, and handles nothing until it is clear that it has not. */
  state: 'runs' | 'held'
  isEnding: boolean
  heldFor?: { readonly to: string; readonly since: number; readonly epoch: number } | undefined
}

export interface SmallWorld {
  readonly clock: FakeClock
  readonly random: Random
  readonly names: readonly string[]
  readonly handled: Handled[]
  /** Sends to the present life of a node; it may be lost. */
  send(from: string, to: string, message: Message): void
  /** Whether a source asks the arbiter before it goes on. */
  readonly asksArbiter: boolean
}

/** Of clocks: worse than any are. */
const PACES = [0.92, 1, 1.08]
const TICK_MS = 500
const BEAT_MS = 150
/** Who was not heard of for so long is taken for gone. */
const DOWN_MS = 2500
const ACTIVE_MS = 2000
const STOP_MS = 2500

export class SmallNode {
  readonly host: string
  readonly id: string
  readonly clock: NodeClock
  readonly arbiter: Arbiter
  readonly #world: SmallWorld
  readonly #known = new Map<string, Known>()
  readonly #children = new Map<string, Child>()
  readonly #claiming = new Set<string>()
  readonly #ending = new Set<string>()
  readonly #heard = new Map<string, { at: number; hasLease: boolean }>()
  #lastGen = 0

  constructor(world: SmallWorld, host: string, life: number, factory: (host: string, clock: NodeClock) => ArbiterFactory) {
    this.#world = world
    this.host = host
    this.id = `${host}.${life}`
    this.clock = new NodeClock(world.clock, { pace: PACES[world.random.int(PACES.length)] as number })
    this.arbiter = factory(host, this.clock)({ id: this.id, clock: this.clock, events: new EventStream<DistributedEvents>() })
    this.arbiter.onChange(() => this.#look())
    this.arbiter.start().catch(() => undefined)
    this.#every(TICK_MS, () => this.#tick())
    this.#every(BEAT_MS, () => this.beat())
  }

  get isLive(): boolean {
    return !this.clock.isDead
  }

  #every(ms: number, act: () => void): void {
    const again = () => {
      act()
      this.clock.after(ms, again)
    }
    this.clock.after(ms * this.#world.random.next(), again)
  }

  /** Handles a message for every name that it has, as far as the lease lets it. */
  beat(): void {
    for (const { name, grant, state } of this.#children.values()) {
      if (state === 'held' || !grant.lease.mayHandle()) continue
      const pid = `${this.id}/${name}`
      this.#world.handled.push({ name, pid, node: this.id, token: grant.epoch, at: this.#world.clock.now() })
    }
  }

  // ---- what it does by itself

  #tick(): void {
    const known = [...this.#known]
    this.#tellAll({ type: 'gossip', hasLease: this.arbiter.mayOwn, known })
    this.#look()
  }

  #tellAll(message: Message): void {
    for (const host of this.#heard.keys()) this.#world.send(this.host, host, message)
  }

  /** Stops what may not go on, and claims what nobody has. */
  #look(): void {
    for (const child of this.#children.values()) {
      if (!child.grant.lease.mayOwn) this.#stop(child)
      else if (child.heldFor !== undefined && this.clock.now() - child.heldFor.since > ACTIVE_MS) void this.#takeBack(child)
    }
    if (!this.arbiter.mayOwn) return
    for (const name of this.#world.names) {
      if (this.#isBusy(name)) continue
      const known = this.#known.get(name)
      if (known === undefined || known.isEnded) {
        if (this.#world.random.next() < 0.2) void this.#claim(name, this.#newborn(), 'start')
      } else if (!this.#isHeld(known.owner)) {
        void this.#claim(name, { ...known, isNew: false, isAgreed: false }, 'takeover')
      }
    }
  }

  #isBusy(name: string): boolean {
    return this.#children.has(name) || this.#claiming.has(name) || this.#ending.has(name)
  }

  #newborn(): Claimant {
    return { gen: ++this.#lastGen, founder: this.id, epoch: 0, owner: undefined, isNew: true, isAgreed: false }
  }

  #isHeld(owner: string): boolean {
    if (owner === this.id) return false
    const heard = this.#heard.get(owner.slice(0, owner.indexOf('.')))
    const isAlive = heard?.hasLease === true && this.clock.now() - heard.at < DOWN_MS
    return isAlive || this.arbiter.mayStillRun(owner)
  }

  async #claim(name: string, claimant: Claimant, op: 'start' | 'takeover' | 'handoff'): Promise<boolean> {
    this.#claiming.add(name)
    const result = await this.arbiter.claim(name, claimant, op)
    // As long as a start takes.
    if (result.ok) await this.#pass(300 * this.#world.random.next())
    this.#claiming.delete(name)
    if (!result.ok) {
      if (result.reason === 'ended') this.#learn(name, { ...claimant, epoch: claimant.epoch, owner: '', isEnded: true })
      return false
    }
    if (!result.lease.mayOwn) {
      void this.arbiter.release(name, result.epoch, 'unused')
      return false
    }
    const { gen } = result
    this.#children.set(name, { name, gen, founder: claimant.founder, grant: result, state: 'runs', isEnding: false })
    this.#own(name, gen, claimant.founder, result.epoch)
    return true
  }

  #own(name: string, gen: number, founder: string, epoch: number): void {
    this.#learn(name, { gen, founder, epoch, owner: this.id, isEnded: false })
    this.#tellAll({ type: 'gossip', hasLease: this.arbiter.mayOwn, known: [[name, this.#known.get(name) as Known]] })
  }

  #learn(name: string, news: Known): void {
    this.#lastGen = Math.max(this.#lastGen, news.gen)
    const known = this.#known.get(name)
    const isNews =
      known === undefined ||
      news.gen > known.gen ||
      (news.gen === known.gen && (news.isEnded ? !known.isEnded : !known.isEnded && news.epoch > known.epoch))
    if (!isNews) return
    this.#known.set(name, news)
    const child = this.#children.get(name)
    if (child !== undefined && news.owner !== this.id) this.#stop(child)
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(ms, resolve))
  }

  /** It goes on handling while it is on its way out. */
  #stop(child: Child, isEnded = false): void {
    if (child.isEnding) return
    child.isEnding = true
    child.heldFor = undefined
    this.#ending.add(child.name)
    this.clock.after(STOP_MS * this.#world.random.next(), () => {
      if (this.#children.get(child.name) === child) this.#children.delete(child.name)
      void this.arbiter.release(child.name, child.grant.epoch, isEnded ? 'ended' : 'free').then(() => this.#ending.delete(child.name))
    })
  }

  // ---- what somebody asks for

  end(name: string): void {
    const child = this.#children.get(name)
    if (child?.state !== 'runs' || child.isEnding) return
    const { gen, founder, grant } = child
    this.#stop(child, true)
    this.#learn(name, { gen, founder, epoch: grant.epoch, owner: this.id, isEnded: true })
  }

  give(name: string, to: string): void {
    const child = this.#children.get(name)
    if (child?.state !== 'runs' || child.isEnding || !child.grant.lease.mayOwn || to === this.host) return
    const { gen, founder } = child
    const { epoch } = child.grant
    child.state = 'held'
    child.heldFor = { to, since: this.clock.now(), epoch }
    this.#world.send(this.host, to, { type: 'commit', name, from: { gen, founder, epoch, owner: this.id, isEnded: false } })
  }

  /** The source goes on, if it may. */
  async #takeBack(child: Child): Promise<void> {
    const { name, gen, founder, grant } = child
    child.heldFor = undefined
    if (!this.#world.asksArbiter) {
      child.state = 'runs'
      return
    }
    const claimant: Claimant = { gen, founder, epoch: grant.epoch, owner: this.id, isNew: false, isAgreed: true }
    const result = await this.arbiter.claim(name, claimant, 'reclaim')
    if (this.#children.get(name) !== child || child.isEnding) return
    if (!result.ok || result.lease !== grant.lease) {
      this.#stop(child)
      return
    }
    child.grant = result
    child.state = 'runs'
    this.#own(name, gen, founder, result.epoch)
  }

  /** Everything ends, and the lease is given back. */
  async leave(): Promise<void> {
    for (const child of this.#children.values()) this.#stop(child)
    await this.#pass(STOP_MS + 500)
    this.#children.clear()
    await this.arbiter.stop()
    this.clock.isDead = true
  }

  // ---- what others say

  receive(from: string, message: Message): void {
    const { type } = message
    if (type === 'gossip') {
      this.#heard.set(from, { at: this.clock.now(), hasLease: message.hasLease })
      for (const [name, known] of message.known) this.#learn(name, known)
    } else if (type === 'commit') void this.#onCommit(from, message.name, message.from)
    else this.#onAnswer(from, message.name, type === 'active', message.epoch)
  }

  /** Of a host that may be there. */
  expect(host: string): void {
    if (host !== this.host) this.#heard.set(host, { at: Number.NEGATIVE_INFINITY, hasLease: false })
  }

  async #onCommit(from: string, name: string, known: Known): Promise<void> {
    const isFree = this.arbiter.mayOwn && !this.#isBusy(name)
    const isTaken = isFree && (await this.#claim(name, { ...known, isNew: false, isAgreed: true }, 'handoff'))
    const epoch = this.#children.get(name)?.grant.epoch ?? 0
    this.#world.send(this.host, from, { type: isTaken ? 'active' : 'refuse', name, epoch })
  }

  #onAnswer(from: string, name: string, isTaken: boolean, epoch: number): void {
    const child = this.#children.get(name)
    if (child?.heldFor === undefined || child.heldFor.to !== from) return
    if (!isTaken) void this.#takeBack(child)
    else if (epoch > child.heldFor.epoch) {
      this.#children.delete(name)
      void this.arbiter.release(name, child.grant.epoch, 'free')
    }
  }
}
