// The platform program seen from the test: started in its namespace, told what to do over IPC.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Addresses, Orders, Reply } from './orders.ts'

const PROGRAM = new URL('./main.ts', import.meta.url).pathname

interface Waiting {
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
}

export class Platform {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #started = Promise.withResolvers<Addresses>()
  #orders = 0

  /** `name` is the headless service's, to be found by DNS. */
  constructor(namespace: string, host: string, name: string) {
    this.#child = spawn('ip', ['netns', 'exec', namespace, process.execPath, PROGRAM, host, name], {
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child.on('message', (reply: Reply) => this.#onReply(reply))
    this.#child.once('exit', (code) => {
      const error = new Error(`the platform has ended with ${code}`)
      this.#started.reject(error)
      for (const { reject } of this.#waiting.values()) reject(error)
    })
  }

  get started(): Promise<Addresses> {
    return this.#started.promise
  }

  tell<K extends keyof Orders>(what: K, order: Orders[K]['order']): Promise<Orders[K]['answer']> {
    const id = ++this.#orders
    const { promise, resolve, reject } = Promise.withResolvers<Orders[K]['answer']>()
    this.#waiting.set(id, { resolve, reject })
    const message = { id, what, order }
    this.#child.send(message)
    return promise
  }

  #onReply(reply: Reply): void {
    if ('started' in reply) {
      this.#started.resolve(reply.started)
      return
    }
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if ('error' in reply) waiting?.reject(new Error(reply.error))
    else waiting?.resolve(reply.answer as never)
  }
}
