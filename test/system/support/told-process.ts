// An OS process in a network namespace of its own, seen from the test: asked over IPC, killed, stopped and let go on.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Span } from '#test/history/history.ts'
import { eventually } from '#test/support/eventually.ts'
import { monotonic } from './monotonic.ts'
import type { Asked, Told } from './told.ts'

const ANSWER_WITHIN_MS = 20_000

interface Waiting {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: Error) => void
}

export interface ToldProcessOptions {
  readonly name: string
  readonly namespace: string
  readonly program: string
  /** Its one argument, as JSON. */
  readonly settings: unknown
  readonly env?: NodeJS.ProcessEnv
}

export class ToldProcess<Q extends Asked<Q>> {
  readonly name: string
  /** Resolves with the exit code, or the signal, when it is gone. */
  readonly ended: Promise<number | NodeJS.Signals | null>
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #pauses: Span[] = []
  #isReady = false
  #wasEnded = false
  #stoppedAt: number | undefined
  #endedAt: number | undefined
  #stderr = ''
  #asked = 0

  constructor({ name, namespace, program, settings, env }: ToldProcessOptions) {
    this.name = name
    // `ip netns exec` becomes the program: its number is the program's, and its channel, too.
    this.#child = spawn('ip', ['netns', 'exec', namespace, process.execPath, program, JSON.stringify(settings)], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    this.#child.on('message', (told: Told) => this.#onTold(told))
    this.ended = new Promise((resolve) =>
      this.#child.once('exit', (code, signal) => {
        this.#endedAt ??= monotonic()
        for (const { reject } of this.#waiting.values()) reject(this.#hasEnded())
        resolve(signal ?? code)
      }),
    )
  }

  /** Whether it has said so. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** Whether the test has ended it, by `kill` or `stop`. */
  get wasEnded(): boolean {
    return this.#wasEnded
  }

  /** When it was gone; undefined: it runs. */
  get endedAt(): number | undefined {
    return this.#endedAt
  }

  /** When it was stopped (SIGSTOP); one that is still stopped goes on to `Infinity`. */
  get pauses(): readonly Span[] {
    return this.#stoppedAt === undefined ? this.#pauses : [...this.#pauses, { from: this.#stoppedAt, to: Number.POSITIVE_INFINITY }]
  }

  #onTold(told: Told): void {
    if ('ready' in told) {
      this.#isReady = true
      return
    }
    const waiting = this.#waiting.get(told.id)
    this.#waiting.delete(told.id)
    if ('error' in told) waiting?.reject(new Error(`${this.name}: ${told.error}`))
    else waiting?.resolve(told.answer)
  }

  /** Resolves when it says that it is ready. */
  async ready(withinMs: number): Promise<void> {
    await eventually(`${this.name} is ready`, withinMs, () => this.#isReady || this.#endedAt !== undefined)
    if (this.#endedAt !== undefined) throw new Error(`${this.name} ended before it was ready, and said: ${this.lastWords()}`)
  }

  ask<K extends keyof Q & string>(ask: K, question: Q[K]['question']): Promise<Q[K]['answer']> {
    const id = ++this.#asked
    if (this.#endedAt !== undefined) return Promise.reject(this.#hasEnded())
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const timer = setTimeout(() => reject(new Error(`${this.name} has not answered '${ask}'`)), ANSWER_WITHIN_MS)
    this.#waiting.set(id, { resolve, reject })
    // It may be on its way out.
    this.#child.send({ id, ask, question }, (error) => {
      if (error !== null) reject(error)
    })
    return promise.finally(() => clearTimeout(timer))
  }

  /** Rejects when it has ended although nobody told it to. */
  async endedByItself(): Promise<never> {
    await this.ended
    if (this.#wasEnded) return new Promise(() => undefined)
    throw new Error(`${this.name} has ended by itself, and said: ${this.lastWords()}`)
  }

  #hasEnded(): Error {
    return new Error(`${this.name} has ended, and said: ${this.lastWords()}`)
  }

  /** On stderr, unless it has noted more. */
  lastWords(): string {
    return this.#stderr.trim() || 'nothing'
  }

  /** SIGKILL; answers when that was. What it was in the middle of has ended with it. */
  kill(): number {
    this.#wasEnded = true
    this.#child.kill('SIGKILL')
    this.#endedAt ??= monotonic()
    return this.#endedAt
  }

  /** SIGTERM; resolves with its exit code. */
  async stop(): Promise<number | NodeJS.Signals | null> {
    this.#wasEnded = true
    this.#child.kill('SIGTERM')
    return this.ended
  }

  /** SIGSTOP, then SIGCONT by `resume`; both answer when that was. */
  pause(): number {
    this.#child.kill('SIGSTOP')
    this.#stoppedAt = monotonic()
    return this.#stoppedAt
  }

  resume(): number {
    const to = monotonic()
    this.#child.kill('SIGCONT')
    if (this.#stoppedAt !== undefined) this.#pauses.push({ from: this.#stoppedAt, to })
    this.#stoppedAt = undefined
    return to
  }
}
