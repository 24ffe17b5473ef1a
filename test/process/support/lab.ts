// One runtime on a clock that the test turns, and every fact it stated.
import { EventStream, type Handlers, inWords } from '#base'
import type { OtpEvents } from '#otp'
import {
  type Body,
  describeExit,
  type Envelope,
  type ExitMessage,
  type Process,
  type ProcessEvents,
  Runtime,
  type SpawnOptions,
} from '#process'
import { FakeClock } from '#test/support/fake-clock.ts'

type Facts = ProcessEvents & OtpEvents

const FACTS = {
  'process.spawned': true,
  'process.spawn_failed': true,
  'process.start_ignored': true,
  'process.exited': true,
  'process.dead_letter': true,
  'supervisor.started': true,
  'supervisor.child_restarted': true,
  'supervisor.restart_failed': true,
  'supervisor.intensity_exceeded': true,
  'supervisor.stopped': true,
  'application.started': true,
  'application.stopped': true,
} satisfies Record<keyof Facts, true>

export class Lab {
  readonly clock = new FakeClock()
  readonly events = new EventStream<Facts>()
  readonly runtime = new Runtime({ id: 'n1.a', clock: this.clock, events: this.events })
  /** Every fact in the order in which it was stated. */
  readonly facts: { readonly type: keyof Facts; readonly event: Facts[keyof Facts] }[] = []

  constructor() {
    const types = Object.keys(FACTS) as (keyof Facts)[]
    const table = types.map((type) => [type, (event: Facts[keyof Facts]) => this.facts.push({ type, event })])
    this.events.subscribe('lab', Object.fromEntries(table) as Handlers<Facts>)
  }

  /** The facts of one type. */
  all<K extends keyof Facts>(type: K): Facts[K][] {
    return this.facts.filter((fact) => fact.type === type).map((fact) => fact.event as Facts[K])
  }

  /** The only fact of its type. */
  only<K extends keyof Facts>(type: K): Facts[K] {
    const [fact, another] = this.all(type)
    if (fact === undefined || another !== undefined) throw new Error(`expected one ${type}, there are ${this.all(type).length}`)
    return fact
  }

  /** Starts a process whose `init` is synchronous. */
  spawn(body: Body, options: Partial<SpawnOptions> = {}, argument?: unknown): Process {
    const result = this.runtime.spawn(body, argument, { cause: 'boot', ...options })
    if (result instanceof Promise || !result.ok) throw new Error('the process did not start at once')
    return this.runtime.lookup(result.pid) as Process
  }

  /** Lets everything run that needs no time. */
  async settle(): Promise<void> {
    await this.clock.advance(0)
  }
}

/** A body that handles messages by `receive` and has what else the test gives it. */
export function body(receive: Body['receive'] = () => undefined, more: Partial<Body> = {}): Body {
  return { name: 'body', init: () => undefined, receive, ...more }
}

/** A body that notes what it receives, as `name payload`, and traps exits if asked to. */
export function noting(heard: string[], trapExit = false): Body {
  return body((_self, envelope) => void heard.push(noted(envelope)), {
    init: (self) => {
      self.trapExit = trapExit
    },
  })
}

function noted({ name, payload }: Envelope): string {
  if (name === 'EXIT' || name === 'DOWN') return `${name} ${describeExit((payload as ExitMessage).reason)}`
  return payload === undefined ? name : `${name} ${inWords(payload)}`
}

/** A promise that the test settles. */
export function gate<T = void>(): PromiseWithResolvers<T> {
  return Promise.withResolvers<T>()
}
