// The loop of every gen_statem: finds the state's callback for an event and carries out the transition it returned.
import { CodedError } from '#base'
import {
  type Body,
  Crash,
  Envelope,
  type ExitMessage,
  type ExitReason,
  inTraceOf,
  isExitOfParent,
  type MailboxBound,
  type Observe,
  type Process,
  type TraceCarrier,
} from '#process'
import { notStarted } from './gen-server-body.ts'
import type { AnyStatem, StateHandler } from './gen-statem.ts'
import { EventQueue } from './gen-statem-events.ts'
import type { SavedMachine } from './gen-statem-handoff.ts'
import { Machine } from './gen-statem-machine.ts'
import { RunningTimer, StatemTimers, type TimerKey } from './gen-statem-timers.ts'
import { type Actions, type NextEvent, StopAndReply, type Timeout, Transition } from './gen-statem-transition.ts'
import { Resumed } from './handoff.ts'
import { Outcome, Stop } from './outcome.ts'
import type { Self } from './self.ts'
import type { SystemCallbacks } from './sys.ts'

type Handler = StateHandler<string, unknown>
type Table = ReadonlyMap<string, Handler>

/** What one state does with each kind of event; what all states do is mixed in. */
interface State {
  readonly enter: ((data: unknown, previous: string, self: Self) => unknown) | undefined
  readonly call: Table
  readonly cast: Table
  readonly info: Table
  readonly internal: Table
  readonly timeout: Table
}

/** What has been asked for on the way into the next state. */
interface Collected {
  readonly event: Envelope
  readonly isChange: boolean
  postpone: boolean
  inserted: readonly NextEvent[]
  readonly timeouts: [TimerKey, Timeout][]
}

/** The name of the internal event by which the first state is entered. */
const START = 'start'

/** A result that is there needs no promise. */
function andThen<T, R>(value: T | Promise<T>, use: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(use) : use(value)
}

export class StatemBody implements Body, SystemCallbacks {
  readonly name: string
  readonly traceable: boolean
  readonly mailbox: MailboxBound | undefined
  readonly observe: Observe | undefined
  readonly #definition: AnyStatem
  readonly #states: ReadonlyMap<string, State>
  readonly #timeouts = new Set<string>()

  constructor(definition: AnyStatem) {
    this.name = definition.name
    this.traceable = definition.traceable ?? true
    this.mailbox = definition.mailbox
    this.observe = definition.observe
    this.#definition = definition
    this.#states = new Map(Object.keys(definition.states).map((name) => [name, this.#stateOf(name)]))
  }

  #stateOf(name: string): State {
    const { all = {}, states } = this.#definition
    const own = states[name] ?? {}
    const both = (kind: 'calls' | 'casts' | 'infos' | 'internals' | 'timeouts') => Object.entries({ ...all[kind], ...own[kind] })
    const timeouts = new Map<string, Handler>(both('timeouts').map(([key, handler]) => [`timeouts.${key}`, handler]))
    for (const key of timeouts.keys()) this.#timeouts.add(key)
    for (const key of ['stateTimeout', 'eventTimeout'] as const) {
      const handler = own[key] ?? all[key]
      if (handler !== undefined) timeouts.set(key, handler)
    }
    return {
      enter: own.enter,
      call: new Map(both('calls')),
      cast: new Map(both('casts')),
      info: new Map(both('infos')),
      internal: new Map(both('internals')),
      timeout: timeouts,
    }
  }

  // ---- what a process asks of its body

  init(self: Process, argument: unknown): void | Promise<void> {
    self.trapExit = this.#definition.trapExit ?? false
    if (argument instanceof Resumed) {
      this.#resume(self, argument)
      return undefined
    }
    return andThen(this.#definition.init(argument, self as Self), (first) => this.#begin(self, first))
  }

  #begin(self: Process, first: unknown): void {
    if (!(first instanceof Transition) || first.to === undefined) {
      throw notStarted(first) ?? this.#bad('init has to return nextState(state, data), ignore or stop(reason)', first)
    }
    self.state = new Machine(this.#known(first.to), first.data)
    // The starter waits for `init` alone; the state is entered before anything else is handled.
    if (this.#state(first.to).enter !== undefined || first.actions !== undefined)
      self.deliverFirst(new Envelope('internal', START, first, undefined, self.runtime.tracing?.current()))
  }

  /** It is in its state already: nothing is entered. */
  #resume(self: Process, { state: saved, elapsedMs }: Resumed): void {
    const { state, data, timers } = saved as SavedMachine
    const machine = new Machine(this.#known(state), data)
    self.state = machine
    if (timers.length === 0) return
    machine.timers = new StatemTimers(self)
    for (const timer of timers) machine.timers.restore(timer, elapsedMs)
  }

  giveBack(self: Process): readonly Envelope[] {
    return (self.state as Machine).events?.takeAll() ?? []
  }

  receive(self: Process, event: Envelope): void | Promise<void> {
    const machine = self.state as Machine
    const { payload } = event
    if (event.kind === 'internal' && payload instanceof RunningTimer) {
      if (machine.timers?.expire(payload) !== true) return undefined
    } else if (event.kind === 'internal') {
      return this.#drain(self, machine, this.#enterFirst(self, machine, event, payload as Transition<string, unknown, never>))
    } else if (isExitOfParent(self, event)) {
      self.stop((payload as ExitMessage).reason)
      return undefined
    }
    return this.#drain(self, machine, this.#handle(self, machine, event))
  }

  terminate(self: Process, reason: ExitReason): void | Promise<void> {
    const { state, data } = self.state as Machine
    return this.#definition.terminate?.(data, reason, self as Self, state)
  }

  // ---- for sys

  systemGetState(self: Process): { state: string; data: unknown } {
    const { state, data } = self.state as Machine
    return { state, data }
  }

  systemReplaceState(self: Process, next: unknown): void {
    const { state, data } = next as { state: string; data: unknown }
    const machine = self.state as Machine
    machine.state = this.#known(state)
    machine.data = data
  }

  formatStatus(self: Process): unknown {
    const { state, data } = self.state as Machine
    const { formatStatus } = this.#definition
    return { state, data: formatStatus === undefined ? data : formatStatus(data, state) }
  }

  // ---- events

  /** Handles what is queued, one after the other, before the process takes another message. */
  #drain(self: Process, machine: Machine, pending: void | Promise<void>): void | Promise<void> {
    if (pending instanceof Promise) return pending.then(() => this.#drain(self, machine, undefined))
    while (!self.isEnding) {
      const event = machine.events?.take() ?? machine.timers?.takeZero()
      if (event === undefined) return undefined
      // What is handled now, should it crash; its caller hears of the end.
      self.current = event
      const settled = inTraceOf(self, event, () => this.#handle(self, machine, event))
      if (settled instanceof Promise) return this.#drain(self, machine, settled)
    }
    return undefined
  }

  #handle(self: Process, machine: Machine, event: Envelope): void | Promise<void> {
    machine.timers?.cancel('eventTimeout')
    const { payload } = event
    const isTimeout = payload instanceof RunningTimer
    const handler = this.#state(machine.state)[isTimeout ? 'timeout' : (event.kind as 'call')].get(event.name)
    if (handler === undefined) {
      this.#unhandled(self, machine, event)
      return undefined
    }
    const result = handler(machine.data, isTimeout ? payload.content : payload, self as Self, machine.state)
    return andThen<unknown, void>(result, (settled) => this.#apply(self, machine, event, settled))
  }

  #unhandled(self: Process, { state }: Machine, event: Envelope): void {
    const what = `${this.name} has no ${event.kind} '${event.name}' in its state '${state}'`
    if (event.kind === 'internal') throw new CodedError('ERR_OTP_OTP_UNHANDLED_EVENT', `${what}, nor for all states`)
    if (event.kind !== 'call') self.runtime.deadLetter(self.pid, event, 'unhandled')
    else {
      const known = [...this.#state(state).call.keys()].join(', ')
      event.replyTo?.fail(new Crash(new CodedError('ERR_OTP_OTP_UNKNOWN_CALL', `${what}; it has: ${known}`)))
    }
  }

  // ---- transitions

  #apply(self: Process, machine: Machine, event: Envelope, result: unknown): void | Promise<void> {
    if (self.isEnding) return undefined
    if (result instanceof Stop) {
      this.#stop(self, machine, event, result)
      return undefined
    }
    if (!(result instanceof Transition))
      throw this.#bad(`a ${event.kind} of it has to return nextState(…), keepState(…) or stop(…)`, result)
    const { actions, repeats } = result
    this.#answer(self, event, actions)
    const previous = machine.state
    if (result.to !== undefined) machine.state = this.#known(result.to)
    if (!result.keepsData) machine.data = result.data
    const isChange = machine.state !== previous
    if (actions === undefined && !isChange && !repeats) return undefined
    const collected: Collected = { event, isChange, postpone: false, inserted: [], timeouts: [] }
    this.#collect(collected, actions)
    if (!isChange && !repeats) return this.#finish(self, machine, collected)
    return this.#enter(self, machine, previous, collected)
  }

  #enterFirst(self: Process, machine: Machine, event: Envelope, { actions }: Transition<string, unknown, never>): void | Promise<void> {
    const collected: Collected = { event, isChange: false, postpone: false, inserted: [], timeouts: [] }
    this.#answer(self, event, actions)
    this.#collect(collected, actions)
    collected.postpone = false
    return this.#enter(self, machine, machine.state, collected)
  }

  #enter(self: Process, machine: Machine, previous: string, collected: Collected): void | Promise<void> {
    const { enter } = this.#state(machine.state)
    if (enter === undefined) return this.#finish(self, machine, collected)
    return andThen(enter(machine.data, previous, self as Self), (result) => this.#entered(self, machine, collected, result))
  }

  #entered(self: Process, machine: Machine, collected: Collected, result: unknown): void | Promise<void> {
    if (self.isEnding) return undefined
    if (result instanceof Stop) {
      this.#stop(self, machine, collected.event, result)
      return undefined
    }
    const isKept = result instanceof Transition && (result.to === undefined || result.to === machine.state)
    if (!isKept) throw this.#bad(`the enter of '${machine.state}' has to return keepState(…), repeatState(…) or stop(…)`, result)
    const { actions, keepsData, repeats } = result
    if (actions !== undefined && (actions.postpone === true || actions.nextEvents !== undefined || 'reply' in actions)) {
      throw this.#bad(`the enter of '${machine.state}' has no event to postpone or to reply to, and may insert none`, result)
    }
    for (const [from, value] of actions?.replies ?? []) self.reply(from, value)
    this.#collect(collected, actions)
    if (!keepsData) machine.data = result.data
    return repeats ? this.#enter(self, machine, machine.state, collected) : this.#finish(self, machine, collected)
  }

  #collect(collected: Collected, actions: Actions | undefined): void {
    if (actions === undefined) return
    if (actions.postpone !== undefined) collected.postpone = actions.postpone
    if (actions.nextEvents !== undefined) collected.inserted = actions.nextEvents
    if (actions.stateTimeout !== undefined) collected.timeouts.push(['stateTimeout', actions.stateTimeout])
    if (actions.eventTimeout !== undefined) collected.timeouts.push(['eventTimeout', actions.eventTimeout])
    for (const [name, timeout] of Object.entries(actions.timeouts ?? {})) {
      if (!this.#timeouts.has(`timeouts.${name}`)) throw this.#bad(`a time-out '${name}' needs a callback in some state`, undefined)
      collected.timeouts.push([`timeouts.${name}`, timeout])
    }
  }

  /** In OTP's order: the event is postponed, those postponed earlier come back, others are inserted, time-outs are set. */
  #finish(self: Process, machine: Machine, { event, isChange, postpone, inserted, timeouts }: Collected): void {
    if (postpone || inserted.length > 0) machine.events ??= new EventQueue()
    machine.events?.settle(
      event,
      postpone,
      isChange,
      inserted.map((next) => envelopeOf(next, self.runtime.tracing?.current())),
    )
    if (isChange) machine.timers?.cancel('stateTimeout')
    if (timeouts.length === 0) return
    machine.timers ??= new StatemTimers(self)
    for (const [key, timeout] of timeouts) machine.timers.set(key, timeout)
  }

  #answer(self: Process, event: Envelope, actions: Actions | undefined): void {
    const { replyTo } = event
    if (actions !== undefined && 'reply' in actions) {
      if (replyTo === undefined) throw this.#bad(`there is nobody to reply to: '${event.name}' is no call`, undefined)
      self.reply(replyTo, actions.reply)
    } else if (replyTo !== undefined) {
      self.owe(replyTo)
    }
    for (const [from, value] of actions?.replies ?? []) self.reply(from, value)
  }

  #stop(self: Process, machine: Machine, event: Envelope, result: Stop<unknown, unknown>): void {
    machine.data = result.state
    if (result.value !== undefined && event.replyTo !== undefined) self.reply(event.replyTo, result.value)
    if (result instanceof StopAndReply) for (const [from, value] of result.replies) self.reply(from, value)
    self.stop(result.reason)
  }

  #state(name: string): State {
    return this.#states.get(name) as State
  }

  #known(state: string): string {
    if (this.#states.has(state)) return state
    throw new CodedError('ERR_OTP_OTP_BAD_RETURN', `${this.name} has no state '${state}'; it has: ${[...this.#states.keys()].join(', ')}`)
  }

  #bad(expected: string, got: unknown): CodedError {
    const what = got === undefined ? '' : `, got ${got instanceof Outcome ? got.constructor.name : typeof got}`
    return new CodedError('ERR_OTP_OTP_BAD_RETURN', `${this.name}: ${expected}${what}`)
  }
}

/** An inserted event belongs to the trace of the one that inserted it. */
function envelopeOf({ kind, name, payload, from }: NextEvent, carrier: TraceCarrier | undefined): Envelope {
  return new Envelope(kind, name, payload, from, carrier)
}
