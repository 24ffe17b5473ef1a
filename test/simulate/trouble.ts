// What goes wrong in a simulation, and what is asked of the cluster meanwhile: one step at a time, drawn from the seed.
import type { Random } from '#base'
import { genServer, reply } from '#otp-labs'
import type { Box } from '#test/support/box.ts'
import type { Ledger } from './ledger.ts'

export const Lot = genServer({
  name: 'lot',
  init: (birth: string) => ({ birth, bids: 0 }),
  persist: true,
  calls: {
    bid: (state) => {
      const next = { ...state, bids: state.bids + 1 }
      return reply(next, next)
    },
  },
  casts: {
    crash: () => {
      throw new Error('asked to')
    },
  },
  handoff: true,
})

const KEYS = 6

/** How often each fault comes, against the others; and the share of steps that are faults at all. */
export interface TroubleMix {
  readonly share: number
  readonly kill: number
  readonly start: number
  readonly cut: number
  readonly partition: number
  readonly heal: number
  readonly pause: number
  readonly slow: number
  readonly leave: number
  /** A node drains, or takes children again. */
  readonly drain: number
}

const MIX: TroubleMix = { share: 0.1, kill: 1, start: 2, cut: 1, partition: 1, heal: 2, pause: 1, slow: 1, leave: 1, drain: 0 }

export class Trouble {
  readonly #box: Box
  readonly #ledger: Ledger
  readonly #random: Random
  readonly #names: readonly string[]
  readonly #mix: TroubleMix
  /** Cuts that are never healed. */
  readonly #forever: { readonly from: string; readonly to: string; readonly oneWay: boolean }[] = []
  readonly #paused = new Set<string>()

  constructor(box: Box, ledger: Ledger, random: Random, names: readonly string[], mix: Partial<TroubleMix> = {}) {
    this.#box = box
    this.#ledger = ledger
    this.#random = random
    this.#names = names
    this.#mix = { ...MIX, ...mix }
  }

  /** From now on two nodes, or one way between them, never come together again. */
  cutForEver(): void {
    const from = this.#name()
    const to = this.#other(from)
    const oneWay = this.#random.next() < 0.5
    this.#forever.push({ from, to, oneWay })
    this.#box.network.cut(from, to, { oneWay })
  }

  step(): void {
    if (this.#random.next() < this.#mix.share) this.#fault()
    else this.#operate()
    this.#ledger.look()
  }

  /** Bids on some name from some node; it may not be there. */
  bid(): void {
    const live = this.#box.live()
    const node = live[this.#random.int(live.length)]
    node?.call(Lot.named(`k${this.#random.int(KEYS)}`), 'bid').catch(() => undefined)
  }

  /** Takes back everything that may be taken back. */
  end(): void {
    for (const name of this.#names) {
      this.#resume(name)
      this.#box.slow(name, 0)
      if (this.#box.isLive(name)) this.#box.node(name).resume()
    }
    this.revive()
    this.#box.network.loss = 0
    this.#heal()
  }

  /** Starts what is down; a node that was on its way out may have got there only now. */
  revive(): void {
    for (const name of this.#names) if (!this.#box.isLive(name)) this.#box.start(name)
  }

  /** Starts, ends, moves or crashes a name on some node; in the midst of faults nobody waits for the answer. */
  #operate(): void {
    const live = this.#box.live()
    const node = live[this.#random.int(live.length)]
    if (node === undefined) return
    const key = `k${this.#random.int(KEYS)}`
    const chance = this.#random.next()
    if (chance < 0.5) {
      const birth = this.#ledger.asked(key)
      node.supervisor.startChild({ id: key, start: [Lot, birth] }).then(
        ({ ok }) => {
          if (ok) this.#ledger.acknowledged(birth)
        },
        () => undefined,
      )
    } else if (chance < 0.85) {
      node.supervisor.terminateChild(key).catch(() => undefined)
    } else if (chance < 0.92) {
      node.cast(Lot.named(key), 'crash')
    } else {
      node.supervisor.moveChild(key, this.#name()).catch(() => undefined)
    }
  }

  #fault(): void {
    const name = this.#name()
    const other = this.#other(name)
    const kind = this.#kind()
    switch (kind) {
      case 'kill':
        if (this.#box.live().length > 1) this.#kill(name)
        return
      case 'start':
        if (!this.#box.isLive(name)) this.#box.start(name)
        return
      case 'cut':
        this.#box.network.cut(name, other, { oneWay: this.#random.next() < 0.5, hold: this.#random.next() < 0.3 })
        return
      case 'partition':
        this.#box.network.partition(this.#halves())
        return
      case 'heal':
        this.#heal()
        return
      case 'pause':
        this.#pause(name)
        return
      case 'slow':
        this.#box.slow(name, this.#random.int(2) * this.#random.int(400))
        return
      case 'leave':
        if (this.#box.live().length > 1) this.#leave(name)
        return
      case 'drain':
        if (this.#box.isLive(name) && !this.#box.node(name).resume()) void this.#box.node(name).drain()
        return
      default:
        kind satisfies never
    }
  }

  #kind(): Exclude<keyof TroubleMix, 'share'> {
    const { share: _, ...weights } = this.#mix
    const kinds = Object.entries(weights) as [Exclude<keyof TroubleMix, 'share'>, number][]
    let left = this.#random.next() * kinds.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [kind, weight] of kinds) {
      left -= weight
      if (left < 0) return kind
    }
    return 'heal'
  }

  #kill(name: string): void {
    if (!this.#box.isLive(name)) return
    this.#ledger.losing(this.#box.node(name))
    // Every other death is that of its host: nobody answers that nobody listens.
    if (this.#random.next() < 0.5) for (const peer of this.#names) if (peer !== name) this.#box.network.cut(name, peer)
    this.#box.crash(name)
    if (this.#random.next() < 0.4) {
      this.#box.clock.after(100 + this.#random.int(1500), () => {
        if (!this.#box.isLive(name)) this.#box.start(name)
      })
    }
  }

  #leave(name: string): void {
    if (!this.#box.isLive(name) || this.#paused.has(name)) return
    this.#ledger.losing(this.#box.node(name))
    this.#box.leave(name)
  }

  #pause(name: string): void {
    if (this.#paused.has(name) || !this.#box.isLive(name)) return
    this.#paused.add(name)
    this.#box.pause(name)
    this.#box.clock.after(500 + this.#random.int(15_000), () => this.#resume(name))
  }

  #resume(name: string): void {
    if (!this.#paused.delete(name)) return
    this.#box.resume(name, { readsFirst: this.#random.next() < 0.5 })
  }

  #heal(): void {
    this.#box.network.heal()
    for (const { from, to, oneWay } of this.#forever) this.#box.network.cut(from, to, { oneWay })
  }

  #halves(): [string[], string[]] {
    const one: string[] = []
    const rest: string[] = []
    for (const name of this.#names) (this.#random.next() < 0.5 ? one : rest).push(name)
    return [one, rest]
  }

  #name(): string {
    return this.#names[this.#random.int(this.#names.length)] as string
  }

  #other(name: string): string {
    const others = this.#names.filter((each) => each !== name)
    return others[this.#random.int(others.length)] as string
  }
}
