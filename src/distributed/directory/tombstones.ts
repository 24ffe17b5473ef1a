// Forgets ended births that everybody who may ever speak again has merged, and that are old enough (Wuu & Bernstein 1984).
import type { Emitter } from '#base'
import type { Cluster, Member } from '#cluster'
import type { NodeId } from '#process'
import type { DistributedEvents } from '../events.ts'
import type { Acknowledgements } from './acknowledgements.ts'
import type { Directory } from './directory.ts'
import type { Rules } from './rules.ts'

/** Ended births looked at in one tick. */
const LOOKED_AT_PER_TICK = 5000

export interface TombstoneOptions {
  readonly cluster: Cluster
  readonly directory: Directory
  readonly acknowledgements: Acknowledgements
  readonly events: Emitter<DistributedEvents>
  readonly rules: Rules
  /** An ended birth is remembered at least so long. */
  readonly tombstoneMs: number
  /** Above so many of them the member that is down for longest is not waited for any more. */
  readonly maxEnded: number
}

export class Tombstones {
  readonly #o: TombstoneOptions
  /** How many births had ended at which tick: the age of each follows from its place. */
  readonly #marks: { readonly at: number; readonly endings: number }[] = []
  #oldEnough = 0

  constructor(options: TombstoneOptions) {
    this.#o = options
  }

  sweep(now: number): void {
    const { directory, tombstoneMs, maxEnded } = this.#o
    this.#marks.push({ at: now, endings: directory.endings })
    for (let mark = this.#marks[0]; mark !== undefined && now - mark.at >= tombstoneMs; mark = this.#marks[0]) {
      this.#oldEnough = mark.endings
      this.#marks.shift()
    }
    if (directory.ended.size > maxEnded) this.#stopWaiting(now)
    const mergedByAll = new Map<NodeId, number>()
    let left = LOOKED_AT_PER_TICK
    for (const [key, ending] of directory.ended) {
      if (ending > this.#oldEnough || left-- === 0) return
      const record = directory.get(key)
      if (record === undefined) continue
      let version = mergedByAll.get(record.writer)
      if (version === undefined) {
        version = this.#mergedByAll(record.writer, now)
        mergedByAll.set(record.writer, version)
      }
      if (record.version <= version) directory.drop(key)
    }
  }

  #mergedByAll(writer: NodeId, now: number): number {
    let version = this.#o.directory.merged(writer)
    for (const member of this.#o.cluster.membership.members) {
      if (member.id !== writer && this.#mustHaveMerged(member, now)) {
        version = Math.min(version, this.#o.acknowledgements.get(member.id, writer))
      }
    }
    return version
  }

  #mustHaveMerged(member: Member, now: number): boolean {
    const { membership } = this.#o.cluster
    return this.#o.rules.mustHaveMerged({
      isAlive: membership.isAlive(member.id, now),
      isGone: member.left || membership.isSuperseded(member.id),
      isForgotten: member.isGivenUp || now - member.heardAt > membership.times.forgetMs,
    })
  }

  /** Who is down for days in a cluster that ends names all the time would have all of them remembered. */
  #stopWaiting(now: number): void {
    const member = this.#o.cluster.membership.giveUpLongestDown(now)
    if (member === undefined) return
    this.#o.events.emit('directory.member_given_up', {
      member: member.id,
      ended: this.#o.directory.ended.size,
      silentMs: Math.round(now - member.heardAt),
    })
  }
}
