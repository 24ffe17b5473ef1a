// The body of a gen_server whose state outlives it: it begins with what was written, and answers only when what it says is.
import { CodedError } from '#base'
import { type Body, type Envelope, type ExitReason, isExitOfParent, type MailboxBound, type Observe, type Process } from '#process'
import type { KeptState, PersistOptions, StateKeeper } from './durable-state.ts'
import type { AnyDefinition } from './gen-server.ts'
import type { GenServerBody } from './gen-server-body.ts'
import { Resumed } from './handoff.ts'
import type { Self } from './self.ts'
import { FENCED, type Saving, WriteGate } from './write-gate.ts'

/** No state is this one: whatever the process has is still to be written. */
const UNWRITTEN = Symbol('unwritten')

/** One object for one name on one node: its restarts share it, and the keeper. */
export class DurableGenServerBody implements Body, Saving {
  readonly name: string
  readonly traceable: boolean
  readonly mailbox: MailboxBound | undefined
  readonly observe: Observe | undefined
  readonly version: number
  readonly #inner: GenServerBody
  readonly #trapExit: boolean
  readonly #options: PersistOptions<unknown>
  readonly #keeper: StateKeeper
  #gate: WriteGate | undefined

  constructor(inner: GenServerBody, definition: AnyDefinition, options: PersistOptions<unknown>, keeper: StateKeeper) {
    this.name = inner.name
    this.traceable = inner.traceable
    this.mailbox = inner.mailbox
    this.observe = inner.observe
    this.version = options.version
    this.#inner = inner
    this.#trapExit = definition.trapExit ?? false
    this.#options = options
    this.#keeper = keeper
  }

  init(self: Process, argument: unknown): void | Promise<void> {
    const { kept } = this.#keeper
    if (argument instanceof Resumed) {
      // Whoever it comes from has written it, if there was anything to write.
      this.#inner.resume(self, argument)
      this.#begin(self, kept?.isConfirmed ?? true)
      return undefined
    }
    const isFresh = this.#options.onCrash === 'fresh' && self.origin.cause === 'restart'
    if (kept !== undefined && !isFresh) {
      self.trapExit = this.#trapExit
      self.state = this.#load(kept, self)
      this.#begin(self, kept.isConfirmed)
      return undefined
    }
    const pending = this.#inner.init(self, argument)
    // Where nothing was ever written a takeover runs `init` again: its state need not be written.
    if (pending === undefined) this.#begin(self, kept === undefined)
    else return pending.then(() => this.#begin(self, kept === undefined))
    return undefined
  }

  #begin(self: Process, isWritten: boolean): void {
    this.#gate = new WriteGate(self, this.#keeper, this, isWritten ? self.state : UNWRITTEN)
    this.#gate.end()
  }

  #load({ data, version }: KeptState, self: Process): unknown {
    const { load } = this.#options
    if (load !== undefined) return load(data, version, self as Self)
    if (version === this.version) return data
    throw new CodedError(
      'ERR_OTP_OTP_STATE_VERSION',
      `${this.name}: expected stored state of version ${this.version}, got ${version}; give it a load(data, version) that reads both`,
    )
  }

  save(state: unknown): unknown {
    const { save } = this.#options
    return save === undefined ? state : save(state)
  }

  receive(self: Process, envelope: Envelope): void | Promise<void> {
    const gate = this.#gate as WriteGate
    const { replyTo } = envelope
    if (gate.isFenced && !isExitOfParent(self, envelope)) {
      replyTo?.fail(FENCED)
      return undefined
    }
    if (replyTo !== undefined) envelope.replyTo = gate.hold(replyTo)
    gate.begin()
    const pending = this.#inner.receive(self, envelope)
    if (pending !== undefined) return pending.then(() => gate.end())
    gate.end()
    return undefined
  }

  /** Whether all was written that others were told of, or wait to be told of. */
  settle(): boolean | Promise<boolean> {
    const gate = this.#gate as WriteGate
    const drained = gate.drain()
    return drained === undefined ? !gate.isBroken : drained.then(() => !gate.isBroken)
  }

  /** Whoever waits for an answer is answered first, if that can be. */
  terminate(self: Process, reason: ExitReason): void | Promise<void> {
    const drained = this.#gate?.drain()
    if (drained === undefined) return this.#inner.terminate(self, reason)
    return drained.then(() => this.#inner.terminate(self, reason))
  }

  formatStatus(self: Process): unknown {
    return this.#inner.formatStatus(self)
  }
}
