// A supervisor with workers whose lives a test can read, on a lab.
import {
  type ChildSpec,
  type DynamicSupervisorOptions,
  dynamicSupervisor,
  type SupervisorOptions,
  type SupervisorProtocol,
  supervisor,
} from '#otp'
import { type ExitReason, type Pid, type Process, StartIgnored } from '#process'
import { call, type Life, start, workers } from '#test/otp/support/start.ts'
import { Lab } from '#test/process/support/lab.ts'

type Calls = SupervisorProtocol['calls']
type Payload<N extends keyof Calls> = Parameters<Calls[N]> extends [unknown, infer P] ? P : undefined

export class Tree {
  readonly lab = new Lab()
  /** `+id` at a start, `-id reason` in a `terminate`. */
  readonly notes: string[] = []
  readonly Worker = workers(this.notes)
  #root: Process | undefined

  get root(): Process {
    return this.#root as Process
  }

  /** A child that is registered under its id and traps exits, so that its end is noted. */
  child(id: string, changes: Partial<ChildSpec> = {}, life: Partial<Life> = {}): ChildSpec {
    return { id, name: id, start: [this.Worker, { id, trapExit: true, ...life }], ...changes }
  }

  /** Starts the supervisor and forgets the notes of that. */
  static(options: Partial<SupervisorOptions>): this {
    this.#root = start(this.lab, supervisor({ name: 'root', children: [], ...options }))
    this.notes.length = 0
    return this
  }

  dynamic(options: Partial<DynamicSupervisorOptions> = {}): this {
    this.#root = start(this.lab, dynamicSupervisor({ name: 'root', ...options }))
    return this
  }

  call<N extends keyof Calls>(
    name: N,
    ...payload: Payload<N> extends undefined ? [] : [Payload<N>]
  ): Promise<ReturnType<Calls[N]>['value']> {
    return call(this.lab, this.root, name, payload[0])
  }

  pid(id: string): Pid {
    return this.lab.runtime.whereis(id) as Pid
  }

  /** Whether there is a process under each of the ids. */
  running(...ids: readonly string[]): boolean[] {
    return ids.map((id) => this.lab.runtime.whereis(id) !== undefined)
  }

  async end(id: string, reason: ExitReason | 'crash' = 'crash'): Promise<void> {
    this.lab.runtime.send(id, 'cast', reason === 'crash' ? 'crash' : 'end', reason)
    await this.lab.settle()
  }

  /** What was noted since the last time. */
  noted(): string[] {
    return this.notes.splice(0)
  }

  get restarted(): string[] {
    return this.lab.all('supervisor.child_restarted').map(({ child, cause }) => `${child} ${cause}`)
  }
}

export const broken = new Error('no database')
/** An `init` that says `ignore`. */
export const ignored = (): never => {
  throw new StartIgnored()
}
/** An `init` that fails. */
export const fails = (): never => {
  throw broken
}
