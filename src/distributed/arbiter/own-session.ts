// This node's own lease: had by compare-and-set, renewed in time, and given up before anybody else may take it for over.
import { type Clock, CodedError, type Emitter, type Timer, whyOf } from '#base'
import type { NodeId } from '#process'
import type { DistributedEvents } from '../events.ts'
import type { Lease, LeaseStatus } from './arbiter.ts'
import { decodeSession, encodeSession, sessionKey } from './entries.ts'
import type { KeyValue, KeyValueEntry } from './key-value.ts'
import { type LeaseTimes, standingOf } from './lease.ts'
import type { ArbiterRules } from './rules.ts'
import { within } from './within.ts'

/** How long the engine remembers that a session is over. */
export const OVER_MS = 24 * 3600_000
/** A node that gets no lease for so many of them does not start. */
const START_LEASES = 4
/** A lease that nobody takes back runs out by itself. */
const RELEASE_TRIES = 3

export class OwnLease implements Lease {
  readonly n: number
  /** Of the last renewal that was answered. */
  revision: number
  renewedAt: number
  /** Nothing is granted under it any more. */
  isOver = false
  #isRevoked = false
  readonly #clock: Clock
  readonly #times: LeaseTimes
  readonly #rules: ArbiterRules

  constructor(clock: Clock, times: LeaseTimes, rules: ArbiterRules, n: number, revision: number, renewedAt: number) {
    this.#clock = clock
    this.#times = times
    this.#rules = rules
    this.n = n
    this.revision = revision
    this.renewedAt = renewedAt
  }

  mayHandle(): boolean {
    if (!this.#rules.checksLease) return true
    return !this.#isRevoked && this.#clock.now() < this.renewedAt + this.#times.limitMs
  }

  get mayOwn(): boolean {
    return !this.isOver && this.#clock.now() < this.renewedAt + this.#times.stopAtMs
  }

  /** From now on nothing is handled under it, whatever the time. */
  revoke(): void {
    this.isOver = true
    this.#isRevoked = true
  }
}

export interface OwnSessionOptions {
  readonly name: string
  readonly id: NodeId
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly events: Emitter<DistributedEvents>
  readonly times: LeaseTimes
  readonly rules: ArbiterRules
  /** How many names are granted under the lease. */
  readonly owned: () => number
  readonly onChange: () => void
}

export class OwnSession {
  readonly #o: OwnSessionOptions
  readonly #key: string
  #lease: OwnLease | undefined
  /** Of the session that there is, or that is to be had; and whether it was asked for. */
  #n = 1
  #isTried = false
  #renewedAt: number | undefined
  #why: string | undefined
  #failingSince: number | undefined
  #isStopping = false
  readonly #first = Promise.withResolvers<void>()
  #timer: Timer | undefined
  #watchdog: Timer | undefined

  constructor(options: OwnSessionOptions) {
    this.#o = options
    this.#key = sessionKey(options.id)
  }

  get lease(): OwnLease | undefined {
    return this.#lease
  }

  get status(): LeaseStatus {
    const { clock, times } = this.#o
    const state = this.#lease?.mayOwn !== true ? 'lost' : this.#failingSince === undefined ? 'held' : 'degraded'
    const ageMs = this.#renewedAt === undefined ? 0 : clock.now() - this.#renewedAt
    return { state, ageMs, limitMs: times.limitMs, why: this.#why }
  }

  /** Rejects with what the engine says if that is final, or with `ERR_OTP_DISTRIBUTED_NO_LEASE`. */
  async start(): Promise<void> {
    const { clock, times, name } = this.#o
    const limitMs = START_LEASES * times.leaseMs
    const timer = clock.after(limitMs, () => {
      if (this.#isStopping) return
      const message = `no lease from the arbiter ${name} within ${limitMs} ms: ${this.#why ?? 'nobody answered'}; check that its servers are up and reached`
      this.#first.reject(new CodedError('ERR_OTP_DISTRIBUTED_NO_LEASE', message))
    })
    void this.#acquire()
    await this.#first.promise.finally(() => timer.cancel())
  }

  // ---- having one

  async #acquire(): Promise<void> {
    const { clock, times, events, name } = this.#o
    const startedMono = clock.now()
    while (!this.#isStopping) {
      const lease = await this.#tryToAcquire()
      if (this.#isStopping) return
      if (lease !== undefined) {
        this.#lease = lease
        this.#renewed(lease)
        events.emit('arbiter.lease_acquired', {
          arbiter: name,
          session: lease.n,
          at: clock.wall(),
          durationMs: clock.now() - startedMono,
        })
        this.#first.resolve()
        this.#o.onChange()
        return
      }
      await new Promise<void>((resolve) => clock.after(times.retryMs, resolve))
    }
  }

  /** A lease counts from a write that was answered: one that was written unheard may have been written long ago. */
  async #tryToAcquire(): Promise<OwnLease | undefined> {
    const { clock, times, rules } = this.#o
    try {
      const { value, revision: expected } = await this.#get()
      const known = value === undefined ? undefined : decodeSession(value)
      const isOurs = this.#isTried && known?.n === this.#n && !known.dead
      if (known !== undefined && !isOurs) this.#n = Math.max(this.#n, known.n + 1)
      this.#isTried = true
      const sentAt = clock.now()
      const revision = await this.#put(false, expected)
      if (revision !== undefined) return new OwnLease(clock, times, rules, this.#n, revision, sentAt)
      this.#why = 'another write came first, or the engine has no majority'
    } catch (error) {
      this.#why = whyOf(error)
      if (error instanceof CodedError) this.#first.reject(error)
    }
    return undefined
  }

  #get(): Promise<KeyValueEntry> {
    const { clock, times, keyValue } = this.#o
    return within(clock, times.requestMs, keyValue.get(this.#key))
  }

  #put(dead: boolean, expected: number): Promise<number | undefined> {
    const { clock, times, keyValue, rules } = this.#o
    const ttlMs = dead ? OVER_MS : rules.countsItself ? undefined : times.leaseMs
    return within(clock, times.requestMs, keyValue.put(this.#key, encodeSession({ n: this.#n, dead }), expected, ttlMs))
  }

  // ---- keeping it

  async #renew(lease: OwnLease): Promise<void> {
    const { clock, events, name } = this.#o
    const sentAt = clock.now()
    try {
      const revision = await this.#put(false, lease.revision)
      if (!this.#isCurrent(lease)) return
      if (revision !== undefined) {
        lease.revision = revision
        lease.renewedAt = sentAt
        events.emit('arbiter.lease_renewed', { arbiter: name, durationMs: clock.now() - sentAt })
        this.#renewed(lease)
        return
      }
      await this.#afterRefusal(lease)
    } catch (error) {
      if (this.#isCurrent(lease)) this.#failed(lease, whyOf(error))
    }
  }

  async #afterRefusal(lease: OwnLease): Promise<void> {
    const { value, revision } = await this.#get()
    if (!this.#isCurrent(lease)) return
    const standing = standingOf(lease.n, lease.revision, revision, value === undefined ? undefined : decodeSession(value))
    if (standing === 'gone') {
      this.#lose(lease, 'refused')
      return
    }
    if (standing === 'ours') lease.revision = revision
    this.#failed(
      lease,
      standing === 'ours' ? 'the answer to a renewal was lost' : 'refused, and nobody says why: the engine may have no majority',
    )
  }

  #isCurrent(lease: OwnLease): boolean {
    return this.#lease === lease && !lease.isOver && !this.#isStopping
  }

  #renewed(lease: OwnLease): void {
    const { clock, times, events, name } = this.#o
    this.#renewedAt = lease.renewedAt
    this.#why = undefined
    if (this.#failingSince !== undefined) {
      events.emit('arbiter.recovered', { arbiter: name, forMs: clock.now() - this.#failingSince, at: clock.wall() })
      this.#failingSince = undefined
    }
    this.#watchdog?.cancel()
    this.#watchdog = clock.after(lease.renewedAt + times.stopAtMs - clock.now(), () => this.#lose(lease, 'expired'))
    this.#renewIn(lease, lease.renewedAt + times.renewMs - clock.now())
  }

  #failed(lease: OwnLease, why: string): void {
    const { clock, times, events, name } = this.#o
    this.#why = why
    if (this.#failingSince === undefined) {
      this.#failingSince = clock.now()
      const ageMs = clock.now() - lease.renewedAt
      events.emit('arbiter.degraded', { arbiter: name, why, ageMs, limitMs: times.limitMs, at: clock.wall() })
    }
    this.#renewIn(lease, times.retryMs)
  }

  #renewIn(lease: OwnLease, ms: number): void {
    this.#timer?.cancel()
    this.#timer = this.#o.clock.after(ms, () => void this.#renew(lease))
  }

  // ---- losing it

  #lose(lease: OwnLease, cause: 'expired' | 'refused'): void {
    const { clock, times, events, name, owned } = this.#o
    if (!this.#isCurrent(lease)) return
    lease.isOver = true
    if (cause === 'refused') lease.revoke()
    this.#timer?.cancel()
    this.#watchdog?.cancel()
    this.#failingSince = undefined
    this.#why ??= cause === 'refused' ? 'another node has ended the lease' : 'nobody answered'
    const ageMs = clock.now() - lease.renewedAt
    events.emit('arbiter.lease_lost', { arbiter: name, session: lease.n, cause, ageMs, children: owned(), at: clock.wall() })
    this.#o.onChange()
    // Another session ends this one for all others to see: nothing may be handled under it by then.
    if (owned() === 0) this.#beginAnew(lease)
    else this.#timer = clock.after(lease.renewedAt + times.limitMs - clock.now(), () => this.#beginAnew(lease))
  }

  /** Nothing is granted any more: who has lost its lease need not wait for its end. */
  emptied(): void {
    const lease = this.#lease
    if (lease?.isOver === true) this.#beginAnew(lease)
  }

  #beginAnew(lease: OwnLease): void {
    if (this.#lease !== lease || this.#isStopping) return
    this.#timer?.cancel()
    lease.revoke()
    this.#lease = undefined
    this.#n = lease.n + 1
    this.#isTried = false
    void this.#acquire()
  }

  // ---- giving it back

  async stop(): Promise<void> {
    const { clock, events, name } = this.#o
    const lease = this.#lease
    this.#isStopping = true
    this.#timer?.cancel()
    this.#watchdog?.cancel()
    if (lease === undefined) return
    lease.revoke()
    for (let tries = 0; tries < RELEASE_TRIES; tries++) {
      try {
        if ((await this.#put(true, lease.revision)) !== undefined) {
          events.emit('arbiter.lease_released', { arbiter: name, session: lease.n, at: clock.wall() })
          return
        }
        const { value, revision } = await this.#get()
        const standing = standingOf(lease.n, lease.revision, revision, value === undefined ? undefined : decodeSession(value))
        if (standing === 'gone') return
        if (standing === 'ours') lease.revision = revision
      } catch {
        // It runs out by itself.
      }
    }
  }
}
