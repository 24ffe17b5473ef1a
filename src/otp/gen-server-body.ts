// The loop of every gen_server: looks a message up in the behaviour's table and carries out what the callback returned.
import { CodedError } from '#base'
import {
  type Body,
  Crash,
  Envelope,
  type ExitMessage,
  type ExitReason,
  isExitOfParent,
  type MailboxBound,
  type Observe,
  type Process,
  type ReplyTo,
  StartIgnored,
  StartRefused,
} from '#process'
import type { AnyDefinition, AnyHandler } from './gen-server.ts'
import { Resumed } from './handoff.ts'
import { type AnyNext, Ignore, NoReply, Ok, Outcome, Reply, Stop } from './outcome.ts'
import type { Self } from './self.ts'

type Table = ReadonlyMap<string, AnyHandler>

// Maps: a name that came over the network must not find anything on a prototype.
const table = (handlers: object | undefined): Table => new Map(Object.entries(handlers ?? {}))

/** One object for all processes of a behaviour; what differs is `process.state`. */
export class GenServerBody implements Body {
  readonly name: string
  readonly supervises: boolean
  readonly traceable: boolean
  readonly mailbox: MailboxBound | undefined
  readonly observe: Observe | undefined
  readonly #definition: AnyDefinition
  readonly #calls: Table
  readonly #casts: Table
  readonly #infos: Table
  readonly #continues: Table

  constructor(definition: AnyDefinition, supervises = false) {
    this.name = definition.name
    this.supervises = supervises
    this.traceable = definition.traceable ?? true
    this.mailbox = definition.mailbox
    this.observe = definition.observe
    this.#definition = definition
    this.#calls = table(definition.calls)
    this.#casts = table(definition.casts)
    this.#infos = table(definition.infos)
    this.#continues = table(definition.continues)
  }

  init(self: Process, argument: unknown): void | Promise<void> {
    if (argument instanceof Resumed) {
      this.resume(self, argument)
      return undefined
    }
    self.trapExit = this.#definition.trapExit ?? false
    const first = this.#definition.init(argument, self as Self)
    if (first instanceof Promise) return first.then((settled) => this.#begin(self, settled))
    this.#begin(self, first)
    return undefined
  }

  /** In place of `init`: the process goes on. */
  resume(self: Process, { state }: Resumed): void {
    self.trapExit = this.#definition.trapExit ?? false
    self.state = state
  }

  #begin(self: Process, first: unknown): void {
    if (!(first instanceof Outcome)) {
      self.state = first
    } else if (first instanceof Ok) {
      self.state = first.state
      if (first.next !== undefined) this.#then(self, first.next as AnyNext)
    } else {
      throw notStarted(first) ?? this.#badReturn('init has to return its first state, ok(…), ignore or stop(reason)', first)
    }
  }

  receive(self: Process, envelope: Envelope): void | Promise<void> {
    if (self.idleTimeout !== undefined) self.endIdleTimeout()
    if (envelope.kind === 'call') return this.#call(self, envelope)
    if (isExitOfParent(self, envelope)) {
      self.stop((envelope.payload as ExitMessage).reason)
      return undefined
    }
    const handler = this.#tableOf(envelope).get(envelope.name)
    if (handler === undefined) {
      self.runtime.deadLetter(self.pid, envelope, 'unhandled')
      return undefined
    }
    const result = handler(self.state, envelope.payload, self as Self)
    if (result instanceof Promise) return result.then((settled) => this.#apply(self, settled))
    this.#apply(self, result)
    return undefined
  }

  #tableOf(envelope: Envelope): Table {
    if (envelope.kind === 'cast') return this.#casts
    return envelope.kind === 'info' ? this.#infos : this.#continues
  }

  terminate(self: Process, reason: ExitReason): void | Promise<void> {
    return this.#definition.terminate?.(self.state, reason, self as Self)
  }

  /** For `sys`: the state as it may be shown. */
  formatStatus(self: Process): unknown {
    const { formatStatus } = this.#definition
    return formatStatus === undefined ? self.state : formatStatus(self.state)
  }

  #call(self: Process, envelope: Envelope): void | Promise<void> {
    const replyTo = envelope.replyTo as ReplyTo
    const handler = this.#calls.get(envelope.name)
    if (handler === undefined) {
      const known = [...this.#calls.keys()].join(', ')
      replyTo.fail(new Crash(new CodedError('ERR_OTP_OTP_UNKNOWN_CALL', `${this.name} has no call '${envelope.name}'; it has: ${known}`)))
      return undefined
    }
    const result = handler(self.state, envelope.payload, self as Self)
    if (result instanceof Promise) return result.then((settled) => this.#answer(self, replyTo, settled))
    this.#answer(self, replyTo, result)
    return undefined
  }

  #answer(self: Process, replyTo: ReplyTo, result: unknown): void {
    if (!self.isAlive) return
    if (result instanceof Reply) {
      self.state = result.state
      if (self.sys !== undefined) self.sys.countOut()
      replyTo.reply(result.value)
      // After the answer: whoever called does not wait for what comes next.
      if (result.next !== undefined) this.#then(self, result.next as AnyNext)
    } else if (result instanceof NoReply) {
      self.owe(replyTo)
      this.#apply(self, result)
    } else if (result instanceof Stop) {
      self.state = result.state
      if (result.value !== undefined) {
        if (self.sys !== undefined) self.sys.countOut()
        replyTo.reply(result.value)
      }
      this.#apply(self, result)
    } else {
      throw this.#badReturn('a call of it has to return reply(…), noReply(…) or stop(…)', result)
    }
  }

  #apply(self: Process, result: unknown): void {
    if (!self.isAlive) return
    if (!(result instanceof Outcome)) {
      self.state = result
    } else if (result instanceof NoReply) {
      self.state = result.state
      if (result.next !== undefined) this.#then(self, result.next as AnyNext)
    } else if (result instanceof Stop) {
      self.state = result.state
      self.stop(result.reason)
    } else {
      throw this.#badReturn('a cast, an info or a continue of it has to return its next state, noReply(…) or stop(…)', result)
    }
  }

  /** A continue goes to the head of the mailbox: nothing can come before it. */
  #then(self: Process, next: AnyNext): void {
    const { continue: name, argument, timeoutMs } = next
    if (name !== undefined) {
      if (!this.#continues.has(name)) {
        const known = [...this.#continues.keys()].join(', ')
        throw new CodedError('ERR_OTP_OTP_BAD_RETURN', `${this.name} has no continue '${name}'; it has: ${known}`)
      }
      self.deliverFirst(new Envelope('internal', name, argument, undefined, self.runtime.tracing?.current()))
    } else if (timeoutMs !== 'infinity') {
      self.startIdleTimeout(timeoutMs)
    }
  }

  #badReturn(expected: string, got: unknown): CodedError {
    const what = got instanceof Outcome ? `${got.constructor.name}` : typeof got
    return new CodedError('ERR_OTP_OTP_BAD_RETURN', `${this.name}: ${expected}, got ${what}`)
  }
}

/** How an `init` that returned `ignore` or `stop(reason)` says so to the runtime. */
export function notStarted(first: unknown): Error | undefined {
  if (first instanceof Ignore) return new StartIgnored()
  return first instanceof Stop ? new StartRefused(first.reason) : undefined
}
