// A node with notes as an OS process of its own, seen from the test: asked over IPC, killed, stopped and let go on.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface NotebookSettings {
  readonly name: string
  readonly directory: string
  readonly secret: string
  readonly servers: readonly string[]
  readonly replicas: number
  readonly cluster: string
}

/** What can be asked; each answer is a promise's. */
export interface Answers {
  /** How many members this node knows to be alive. */
  members(question: undefined): Promise<number>
  /** Starts a child with so many bytes beside its notes. */
  open(question: { readonly id: string; readonly bytes: number }): Promise<boolean>
  add(question: { readonly id: string; readonly note: string }): Promise<boolean>
  look(question: { readonly id: string }): Promise<{ readonly notes: readonly string[]; readonly bytes: number }>
  /** The children that live on this node. */
  own(question: undefined): Promise<readonly string[]>
  /** Adds note after note to children of this node, to each from one caller. */
  write(question: { readonly ids: readonly string[] }): Promise<boolean>
  /** Ends that; what was answered, by child. */
  written(question: undefined): Promise<readonly (readonly [id: string, notes: readonly string[]])[]>
  /** Writes of states that failed, or were refused. */
  failures(question: undefined): Promise<number>
  /** Whether the store takes a write under the token that this node had for a child, whoever has the child now. */
  writeLate(question: { readonly id: string }): Promise<boolean>
}

export interface Question {
  readonly id: number
  readonly ask: keyof Answers
  readonly question: unknown
}

type Told = { readonly id: number; readonly answer: unknown } | { readonly id: number; readonly error: string }

const PROGRAM = fileURLToPath(new URL('./main.ts', import.meta.url))

export class Notebook {
  readonly name: string
  readonly ready: Promise<unknown>
  readonly #child: ChildProcess
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>()
  #lastId = 0

  constructor(settings: NotebookSettings) {
    this.name = settings.name
    this.#child = fork(PROGRAM, [JSON.stringify(settings)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.ready = this.#expect(0)
    this.#child.on('message', (told: Told) => {
      const asked = this.#asked.get(told.id)
      this.#asked.delete(told.id)
      if ('error' in told) asked?.reject(new Error(`${this.name}: ${told.error}`))
      else asked?.resolve(told.answer)
    })
    this.#child.on('exit', () => {
      for (const { reject } of this.#asked.values()) reject(new Error(`${this.name} has ended`))
    })
  }

  #expect(id: number): Promise<unknown> {
    const expected = Promise.withResolvers<unknown>()
    expected.promise.catch(() => undefined)
    this.#asked.set(id, expected)
    return expected.promise
  }

  ask<K extends keyof Answers>(ask: K, question: Parameters<Answers[K]>[0]): ReturnType<Answers[K]> {
    const id = ++this.#lastId
    const answer = this.#expect(id)
    this.#child.send({ id, ask, question } satisfies Question, () => undefined)
    return answer as ReturnType<Answers[K]>
  }

  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }
}
