// What a simulation knows better than any node: what was asked and acknowledged, who has seen what, and what of it must hold.
import type { Node } from '#otp-labs'
import { compareRecords, type DirectoryRecord } from '#src/distributed/directory/record.ts'

/**
 * `returned`: a birth that had ended lives. `went_back`: a node's own knowledge became less. `state`: what is written helps nobody. `order`, `twice`,
 * `forgotten`: of messages to a process that moves. `overlap`: an owner handled a message after a later one had.
 */
export type ViolationKind =
  | 'duplicate'
  | 'views_differ'
  | 'lost'
  | 'returned'
  | 'went_back'
  | 'membership'
  | 'unrest'
  | 'state'
  | 'order'
  | 'twice'
  | 'forgotten'
  | 'overlap'

export interface Violation {
  readonly kind: ViolationKind
  readonly atMs: number
  readonly what: string
}

/** One start that was asked for; its name travels in the child's argument, so that births of one key are told apart. */
interface Birth {
  readonly key: string
  gen: number | undefined
  isAcknowledged: boolean
  /** No node that lives had merged it when the last one that had was killed. */
  isLegitimatelyLost: boolean
  /** Lives of nodes that have seen that it is over. */
  readonly endSeenBy: Set<string>
}

const birthOf = (record: DirectoryRecord) => String(record.child?.argument)

export class Ledger {
  readonly violations: Violation[] = []
  readonly #live: () => readonly Node[]
  readonly #now: () => number
  readonly #births = new Map<string, Birth>()
  /** What each life of a node had merged of whom. */
  readonly #merged = new Map<string, Map<string, number>>()
  #count = 0

  constructor(live: () => readonly Node[], now: () => number) {
    this.#live = live
    this.#now = now
  }

  /** Hears of everything that a node comes to know. */
  watch(node: Node): void {
    node.parts.directory.onChanged((winner, previous) => this.#onChanged(node, winner, previous))
  }

  get births(): number {
    return this.#births.size
  }

  /** The name of a birth that is about to be asked for. */
  asked(key: string): string {
    const birth = `${key}#${++this.#count}`
    const fresh: Birth = {
      key,
      gen: undefined,
      isAcknowledged: false,
      isLegitimatelyLost: false,
      endSeenBy: new Set(),
    }
    this.#births.set(birth, fresh)
    return birth
  }

  acknowledged(name: string): void {
    const birth = this.#births.get(name)
    if (birth === undefined) return
    birth.isAcknowledged = true
    // Who has answered may be killed before anybody looks; then nobody could know of it.
    birth.isLegitimatelyLost ||= !this.#isHeld(birth, undefined)
  }

  /** To be called before a node is killed or has left. */
  losing(victim: Node): void {
    for (const birth of this.#births.values()) {
      if (!this.#isHeld(birth, victim)) birth.isLegitimatelyLost = true
    }
  }

  #isHeld({ key, gen }: Birth, except: Node | undefined): boolean {
    const born = gen ?? Number.POSITIVE_INFINITY
    // Who is on its way out may be gone before it has told anybody.
    const mayTell = this.#live().filter((node) => node !== except && !node.cluster.membership.leaving)
    return mayTell.some((node) => (node.parts.directory.get(key)?.gen ?? -1) >= born)
  }

  #onChanged(node: Node, record: DirectoryRecord, before: DirectoryRecord | undefined): void {
    if (record.child === undefined) return
    if (before !== undefined && compareRecords(before, record) > 0) {
      this.#note('went_back', `${node.id} had ${inShort(before)}, now ${inShort(record)}`)
    }
    const birth = this.#births.get(birthOf(record))
    if (birth === undefined) return
    birth.gen = record.gen
    if (record.ended) birth.endSeenBy.add(node.id)
    else if (birth.endSeenBy.has(node.id)) this.#note('returned', `${node.id} knew that ${birthOf(record)} is over, now ${inShort(record)}`)
  }

  /** Holds the versions that every live node has merged against what they were. */
  look(): void {
    for (const node of this.#live()) {
      const merged = this.#merged.get(node.id) ?? new Map<string, number>()
      this.#merged.set(node.id, merged)
      for (const [writer, version] of node.parts.directory.context()) {
        const before = merged.get(writer) ?? 0
        if (version < before && version > 0)
          this.#note('went_back', `${node.id} had merged ${writer} up to ${before}, now up to ${version}`)
        merged.set(writer, version)
      }
    }
  }

  /** When all is quiet: what was acknowledged lives unless somebody may have ended it, and nothing lives that is over. */
  checkQuiet(): void {
    this.look()
    const live = this.#live()
    const running = new Map<string, string>()
    for (const node of live) {
      for (const record of node.parts.directory.records()) {
        if (record.ended || record.child === undefined) continue
        if (live.some(({ id }) => id === record.owner)) running.set(record.key, birthOf(record))
        else this.#note('lost', `${node.id} knows ${inShort(record)}, whose owner is gone, and nobody takes it over`)
      }
    }
    for (const [key, name] of running) {
      const birth = this.#births.get(name)
      const witness = live.find(({ id }) => birth?.endSeenBy.has(id) === true)
      if (witness !== undefined) this.#note('returned', `${name} lives as ${key}, though ${witness.id} knows that it is over`)
    }
    for (const [name, birth] of this.#births) {
      if (!birth.isAcknowledged || birth.isLegitimatelyLost || birth.endSeenBy.size > 0 || running.has(birth.key)) continue
      // Of two births that did not know of each other the later one counts; of one and the same number, the one that has ended.
      const isOutdone = this.#births
        .values()
        .some(
          (other) =>
            other.key === birth.key &&
            other !== birth &&
            Number(other.gen) >= Number(birth.gen) &&
            (Number(other.gen) > Number(birth.gen) || other.endSeenBy.size > 0),
        )
      if (!isOutdone) this.#note('lost', `${name} was acknowledged, and nobody has ended it`)
    }
  }

  #note(kind: ViolationKind, what: string): void {
    this.violations.push({ kind, atMs: Math.round(this.#now()), what })
  }
}

function inShort({ key, gen, ended, epoch, owner, writer, version, child }: DirectoryRecord): string {
  return `${key} (${String(child?.argument)}) birth ${gen} epoch ${epoch} ${ended ? 'ended' : `at ${owner}`}, ${writer}:${version}`
}
