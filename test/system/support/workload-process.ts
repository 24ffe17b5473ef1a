// One OS process of the workload, seen from the test: started in its namespace, asked over IPC, killed, stopped and let go on.
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { entriesOf, type History, parseEntries, type Span } from '#test/history/history.ts'
import { eventually } from '#test/support/eventually.ts'
import { monotonic } from './workload/notes.ts'
import type { Questions, Told, WorkloadSettings } from './workload/settings.ts'

const ANSWER_WITHIN_MS = 20_000
const PROGRAM = new URL('./workload/main.ts', import.meta.url).pathname

interface Waiting {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: Error) => void
}

export class WorkloadProcess {
  readonly settings: WorkloadSettings
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

  constructor(namespace: string, settings: WorkloadSettings, env: NodeJS.ProcessEnv = {}) {
    this.settings = settings
    // There from the beginning, even if the program never gets as far as its first note.
    writeFileSync(settings.history, '')
    // `ip netns exec` becomes the program: its number is the program's, and its channel, too.
    this.#child = spawn('ip', ['netns', 'exec', namespace, process.execPath, PROGRAM, JSON.stringify(settings)], {
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
        for (const { reject } of this.#waiting.values()) reject(new Error(`${settings.name} has ended, and said: ${this.#said()}`))
        resolve(signal ?? code)
      }),
    )
  }

  /** Whether the test has ended it, by `kill` or `stop`. */
  get wasEnded(): boolean {
    return this.#wasEnded
  }

  #onTold(told: Told): void {
    if ('ready' in told) {
      this.#isReady = true
      return
    }
    const waiting = this.#waiting.get(told.id)
    this.#waiting.delete(told.id)
    if ('error' in told) waiting?.reject(new Error(`${this.settings.name}: ${told.error}`))
    else waiting?.resolve(told.answer)
  }

  /** Resolves when the node owns lots and its whole list has been opened. */
  async ready(withinMs: number): Promise<void> {
    await eventually(`${this.settings.name} is ready`, withinMs, () => this.#isReady || this.#endedAt !== undefined)
    if (this.#endedAt !== undefined) throw new Error(`${this.settings.name} ended before it was ready, and said: ${this.#said()}`)
  }

  ask<K extends keyof Questions>(ask: K, question: Questions[K]['question']): Promise<Questions[K]['answer']> {
    const id = ++this.#asked
    if (this.#endedAt !== undefined) return Promise.reject(new Error(`${this.settings.name} has ended, and said: ${this.#said()}`))
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const timer = setTimeout(() => reject(new Error(`${this.settings.name} has not answered '${ask}'`)), ANSWER_WITHIN_MS)
    this.#waiting.set(id, { resolve, reject })
    // It may be on its way out.
    this.#child.send({ id, ask, question }, (error) => {
      if (error !== null) reject(error)
    })
    return promise.finally(() => clearTimeout(timer)) as Promise<Questions[K]['answer']>
  }

  /** Rejects when it has ended although nobody told it to. */
  async endedByItself(): Promise<never> {
    await this.ended
    if (this.#wasEnded) return new Promise(() => undefined)
    throw new Error(`${this.settings.name} has ended by itself, and said: ${this.#said()}`)
  }

  /** Its last words: on stderr, or the reason it noted. */
  #said(): string {
    const failure = entriesOf([this.history()], 'event').find(({ type }) => type === 'failure')
    return this.#stderr.trim() || JSON.stringify(failure?.data ?? 'nothing')
  }

  /** SIGKILL. Its histories end here: what it was in the middle of has ended with it. */
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

  /** What it has noted up to now. */
  history(): History {
    const { name, history } = this.settings
    const stopped = this.#stoppedAt === undefined ? [] : [{ from: this.#stoppedAt, to: Number.POSITIVE_INFINITY }]
    return {
      node: name,
      entries: parseEntries(readFileSync(history, 'utf8')),
      endedAt: this.#endedAt,
      pauses: [...this.#pauses, ...stopped],
    }
  }
}
