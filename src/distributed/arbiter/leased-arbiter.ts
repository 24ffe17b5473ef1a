// The arbiter over an engine that decides by compare-and-set: one lease a node, one entry a name, and the entry's revision is the fencing token.
import type { NodeId } from '#process'
import type { Arbiter, ArbiterContext, ArbiterFactory, Claimant, ClaimOp, ClaimResult, LeaseStatus, Released } from './arbiter.ts'
import { Claims } from './claims.ts'
import type { KeyValue } from './key-value.ts'
import { type LeaseOptions, leaseTimes } from './lease.ts'
import { OtherSessions } from './other-sessions.ts'
import { OwnSession } from './own-session.ts'
import { ARBITER_RULES, type ArbiterRules } from './rules.ts'

export interface LeasedArbiterOptions extends LeaseOptions {
  /** A label in metrics: lower-case letters. Default `leased`. */
  readonly name?: string
  /** Rules to be replaced, in a simulation that shows what they are there for. */
  readonly rules?: Partial<ArbiterRules>
}

/** For `createNode({ arbiter })`. Throws `ERR_OTP_DISTRIBUTED_BAD_LIMIT` for times that cannot work. */
export function leasedArbiter(keyValue: KeyValue, options: LeasedArbiterOptions = {}): ArbiterFactory {
  leaseTimes(options)
  return (context) => new LeasedArbiter(keyValue, options, context)
}

class LeasedArbiter implements Arbiter {
  readonly name: string
  readonly #context: ArbiterContext
  readonly #own: OwnSession
  readonly #others: OtherSessions
  readonly #claims: Claims
  readonly #listeners: (() => void)[] = []

  constructor(keyValue: KeyValue, { name = 'leased', rules: replaced, ...limits }: LeasedArbiterOptions, context: ArbiterContext) {
    this.name = name
    this.#context = context
    const { id, clock, events } = context
    const times = leaseTimes(limits)
    const rules = { ...ARBITER_RULES, ...replaced }
    const onChange = () => {
      for (const listener of this.#listeners) listener()
    }
    this.#own = new OwnSession({ name, id, keyValue, clock, events, times, rules, owned: () => this.#claims.size, onChange })
    this.#others = new OtherSessions({ name, keyValue, clock, events, times, rules, onChange })
    this.#claims = new Claims({
      id,
      keyValue,
      clock,
      times,
      lease: () => this.#own.lease,
      isOver: (node, n) => this.#others.isOver(node, n),
      isOverSince: (node, revision) => this.#others.isOverSince(node, revision),
      onEmpty: () => this.#own.emptied(),
    })
  }

  get status(): LeaseStatus {
    return this.#own.status
  }

  get mayOwn(): boolean {
    return this.#own.lease?.mayOwn === true
  }

  mayStillRun(node: NodeId): boolean {
    return this.#others.mayStillRun(node)
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  start(): Promise<void> {
    return this.#own.start()
  }

  async claim(key: string, claimant: Claimant, op: ClaimOp): Promise<ClaimResult> {
    const { clock, events } = this.#context
    const startedMono = clock.now()
    const result = await this.#claims.claim(key, claimant, op)
    events.emit('arbiter.claimed', {
      arbiter: this.name,
      name: key,
      op,
      outcome: result.ok ? 'granted' : result.reason,
      epoch: result.ok ? result.epoch : undefined,
      at: clock.wall(),
      durationMs: clock.now() - startedMono,
    })
    return result
  }

  release(key: string, epoch: number, as: Released): Promise<void> {
    return this.#claims.release(key, epoch, as)
  }

  async stop(): Promise<void> {
    this.#others.stop()
    await this.#own.stop()
  }
}
