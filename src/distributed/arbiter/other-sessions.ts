// The leases of other nodes, as far as somebody has asked for them: watched until it is proved that they are over.
import type { Clock, Emitter } from '#base'
import type { NodeId } from '#process'
import type { DistributedEvents } from '../events.ts'
import { decodeSession, encodeSession, sessionKey } from './entries.ts'
import type { KeyValue } from './key-value.ts'
import { isRipe, type LeaseTimes, type Observation, observed, overBy } from './lease.ts'
import { OVER_MS } from './own-session.ts'
import type { ArbiterRules } from './rules.ts'
import { within } from './within.ts'

/** Nodes of which it is remembered that their last lease is over. */
const REMEMBERED = 1000
/** Who was not asked for over so many leases is not watched any more. */
const IDLE_LEASES = 2

interface Watch {
  readonly node: NodeId
  readonly key: string
  /** The highest session that anybody has told of, and the highest that is over, by which revision of the key. */
  latest: number
  over: number
  overAt: number
  observation: Observation | undefined
  isRunning: boolean
  askedAt: number
}

export interface OtherSessionsOptions {
  readonly name: string
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly events: Emitter<DistributedEvents>
  readonly times: LeaseTimes
  readonly rules: ArbiterRules
  readonly onChange: () => void
}

export class OtherSessions {
  readonly #o: OtherSessionsOptions
  readonly #watches = new Map<NodeId, Watch>()
  #isStopped = false

  constructor(options: OtherSessionsOptions) {
    this.#o = options
  }

  mayStillRun(node: NodeId): boolean {
    const watch = this.#ask(node, 0)
    return watch.over < watch.latest
  }

  isOver(node: NodeId, n: number): boolean {
    return this.#ask(node, n).over >= n
  }

  /** Whether all is over that the node may have written up to this revision. */
  isOverSince(node: NodeId, revision: number): boolean {
    const watch = this.#watches.get(node)
    return watch !== undefined && watch.over >= watch.latest && revision < watch.overAt
  }

  stop(): void {
    this.#isStopped = true
  }

  #ask(node: NodeId, n: number): Watch {
    const watch = this.#watches.get(node) ?? this.#add(node)
    watch.askedAt = this.#o.clock.now()
    watch.latest = Math.max(watch.latest, n)
    if (watch.over < watch.latest && !watch.isRunning) void this.#look(watch)
    return watch
  }

  #add(node: NodeId): Watch {
    const watch: Watch = {
      node,
      key: sessionKey(node),
      latest: 0,
      over: -1,
      overAt: 0,
      observation: undefined,
      isRunning: false,
      askedAt: 0,
    }
    if (this.#watches.size >= REMEMBERED) {
      const idle = this.#watches.values().find(({ isRunning }) => !isRunning)
      if (idle !== undefined) this.#watches.delete(idle.node)
    }
    this.#watches.set(node, watch)
    return watch
  }

  async #look(watch: Watch): Promise<void> {
    const { clock, times } = this.#o
    watch.isRunning = true
    while (!this.#isStopped && clock.now() - watch.askedAt < IDLE_LEASES * times.leaseMs) {
      const waitMs = await this.#lookOnce(watch).catch(() => times.retryMs)
      if (waitMs === undefined) break
      await new Promise<void>((resolve) => clock.after(waitMs, resolve))
    }
    watch.isRunning = false
  }

  /** When to look again; `undefined` when it is over. */
  async #lookOnce(watch: Watch): Promise<number | undefined> {
    const { keyValue, clock, times, rules } = this.#o
    const read = await within(clock, times.requestMs, keyValue.get(watch.key))
    const seen = observed(watch.observation, read, clock.now(), decodeSession)
    watch.observation = seen
    watch.latest = Math.max(watch.latest, seen.entry?.n ?? 0)
    if (overBy(seen.entry) > watch.over) {
      watch.over = overBy(seen.entry)
      watch.overAt = seen.revision
    }
    if (!rules.countsItself && seen.entry === undefined) this.#concludes(watch, seen.revision)
    if (watch.over >= watch.latest) return this.#ended(watch)
    if (!isRipe(seen, clock.now(), times)) return Math.min(times.renewMs, Math.max(0, seen.since + times.leaseMs - clock.now()))
    if (!rules.provesByWriting) {
      this.#concludes(watch, seen.revision)
      return this.#ended(watch)
    }
    const n = watch.latest
    const proof = await within(clock, times.requestMs, keyValue.put(watch.key, encodeSession({ n, dead: true }), seen.revision, OVER_MS))
    // It was renewed after all, or somebody else was first.
    if (proof === undefined) return times.retryMs
    watch.over = n
    watch.overAt = proof
    return watch.over >= watch.latest ? this.#ended(watch) : 0
  }

  #concludes(watch: Watch, revision: number): void {
    watch.over = watch.latest
    watch.overAt = revision
  }

  #ended({ node }: Watch): undefined {
    const { events, name, clock, onChange } = this.#o
    events.emit('arbiter.session_ended', { arbiter: name, node, at: clock.wall() })
    onChange()
  }
}
