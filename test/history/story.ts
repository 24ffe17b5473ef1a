// Histories for the checker's tests: a random workload in which nothing goes wrong, and hands that plant in it what can.
import { type Random, seededRandom } from '#base'
import type { Entry, History, Note } from './history.ts'

export const LOTS: readonly string[] = Array.from({ length: 12 }, (_, index) => `lot-${index}`)
export const NODES = ['n1', 'n2', 'n3', 'n4'] as const
/** The time that a story covers. */
export const STORY = { from: 1000, to: 10_000 } as const

interface Told extends Omit<History, 'entries'> {
  readonly entries: Entry[]
}

/** At `at`, by a wall clock that is something else. */
export function entry(at: number, note: Note): Entry {
  return { at, wall: 1_700_000_000_000 + at, ...note }
}

/** Lots that begin before the story, move two or three times without being owned twice, and hold every bid that was acknowledged. */
export class Story {
  readonly #random: Random
  readonly #told = NODES.map((node): Told => ({ node, entries: [], endedAt: undefined, pauses: [] }))
  #serial = 0

  constructor(seed: number) {
    this.#random = seededRandom(seed)
    for (const lot of LOTS) this.#tellLot(lot)
  }

  get histories(): History[] {
    return this.#told.map((history) => ({ ...history, entries: history.entries.toSorted((a, b) => a.at - b.at) }))
  }

  node(name: string): Told {
    return this.#told.find(({ node }) => node === name) as Told
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    return Math.floor(this.#random.next() * limit)
  }

  oneOf<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  #tellLot(lot: string): void {
    let from = this.below(900)
    let at = this.below(3)
    for (let move = this.below(2) + 2; move > 0; move--) {
      const to = move === 1 ? undefined : from + 1500 + this.below(1500)
      this.live(lot, NODES[at] as string, from, to)
      at = (at + 1 + this.below(2)) % 3
      from = to ?? from
    }
  }

  /** One life of a lot on a node, with bids; `to` undefined: it lives on, and has told its bids at the end of the story. Answers its pid. */
  live(lot: string, node: string, from: number, to: number | undefined): string {
    const life = `${node}.${++this.#serial}`
    const { entries } = this.node(node)
    const until = to ?? STORY.to
    entries.push(entry(from, { kind: 'begin', lot, life }))
    const bids = Array.from({ length: this.below(6) }, (_, index) => `${life}-${index + 1}`)
    for (const [index, bid] of bids.entries()) {
      const at = from + ((until - from) * (index + 1)) / 10
      entries.push(entry(at, { kind: 'bid', lot, life, bid, number: index + 1 }))
      this.node(this.oneOf(NODES)).entries.push(entry(at + 1, { kind: 'acknowledged', lot, life, bid, number: index + 1 }))
    }
    entries.push(entry(until, { kind: to === undefined ? 'account' : 'end', lot, life, bids }))
    return life
  }

  /** The node's process is killed: what lives there ends without a word. */
  kill(node: string, at: number): void {
    const index = this.#told.findIndex((history) => history.node === node)
    this.#told[index] = { ...this.node(node), entries: this.node(node).entries.filter((of) => of.at <= at), endedAt: at }
  }

  pause(node: string, from: number, to: number): void {
    const index = this.#told.findIndex((history) => history.node === node)
    this.#told[index] = { ...this.node(node), pauses: [...this.node(node).pauses, { from, to }] }
  }
}
