// A node that stood still for so long that others may have taken its names holds its mailboxes until it knows what it still has.
import type { Clock, Timer } from '#base'
import type { Cluster } from '#cluster'
import { type Process, type Runtime, refuseWaiting } from '#process'
import type { Directory } from '../directory/directory.ts'
import type { Replicator } from '../directory/replicator.ts'

/** So long at most: without peers to ask, what ran here goes on. */
const HOLD_MS = 2000

export interface StandstillOptions {
  readonly runtime: Runtime
  readonly cluster: Cluster
  readonly directory: Directory
  readonly replicator: Replicator
  readonly clock: Clock
}

export class Standstill {
  readonly #o: StandstillOptions
  #deadline = Number.POSITIVE_INFINITY
  #limit: Timer | undefined

  constructor(options: StandstillOptions) {
    this.#o = options
    this.#expect(options.clock.now())
    options.cluster.onTick((now) => {
      if (now > this.#deadline) this.#onStoodStill()
      this.#expect(now)
    })
  }

  /** Others take this node for dead when its heartbeats have stayed away for that long. */
  #expect(now: number): void {
    this.#deadline = now + this.#o.cluster.membership.times.downMs
    this.#o.runtime.expectToRunBefore(this.#deadline, () => this.#onStoodStill())
  }

  #onStoodStill(): void {
    const { runtime, replicator, cluster, clock } = this.#o
    this.#deadline = Number.POSITIVE_INFINITY
    // Who never had a peer has lost nothing to one.
    if (this.#limit !== undefined || [...cluster.membership.members].length === 0) return
    runtime.hold(isHeld)
    this.#limit = clock.after(HOLD_MS, () => this.#release())
    // In the next turn, behind the stopping of what was lost.
    replicator.sync(() => clock.soon(() => this.#release()))
  }

  #release(): void {
    if (this.#limit === undefined) return
    this.#limit.cancel()
    this.#limit = undefined
    for (const process of this.#o.runtime.processes()) if (this.#isLost(process)) refuseWaiting(process)
    this.#o.runtime.release()
  }

  /** A child of the cluster that is over, or another's by now: it is about to be stopped, and must not answer any more. */
  #isLost({ origin, pid }: Process): boolean {
    const record = origin.child === undefined ? undefined : this.#o.directory.get(origin.child)
    if (record?.child === undefined) return false
    return record.ended || record.owner !== pid.node
  }
}

/** All but those who are needed to set things right: supervisors, and the node's own servers. */
function isHeld({ body, registeredName }: Process): boolean {
  return !body.supervises && registeredName?.startsWith('otp.') !== true
}
