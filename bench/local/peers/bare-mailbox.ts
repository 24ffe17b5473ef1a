// A bare batched mailbox: what a message costs in Node at least, with no pid, no deadline, no counts and no supervision.
import type { Figures } from '#bench/support/bench.ts'
import { perSecond, runMeasure } from '#bench/support/program.ts'

interface Letter {
  readonly by: number
  readonly reply: ((count: number) => void) | undefined
}

/** Handles all that has come in since it was last scheduled in one microtask. */
class Mailbox {
  #letters: Letter[] = []
  #count = 0

  cast(by: number): void {
    this.#post({ by, reply: undefined })
  }

  call(by: number): Promise<number> {
    return new Promise((reply) => this.#post({ by, reply }))
  }

  #post(letter: Letter): void {
    if (this.#letters.push(letter) === 1) queueMicrotask(this.#drain)
  }

  readonly #drain = (): void => {
    const letters = this.#letters
    this.#letters = []
    for (const { by, reply } of letters) {
      this.#count += by
      reply?.(this.#count)
    }
  }
}

const CALLS = 300_000
const CALLERS = 100
const CASTS = 1_000_000
const BURST = 1000

async function call(mailbox: Mailbox, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await mailbox.call(1)
}

async function cast(mailbox: Mailbox, burst: number): Promise<void> {
  for (let sent = 0; sent < CASTS; sent += burst) {
    for (let i = 0; i < burst; i++) mailbox.cast(1)
    await mailbox.call(0)
  }
}

const callers = (mailbox: Mailbox) => Promise.all(Array.from({ length: CALLERS }, () => call(mailbox, CALLS / CALLERS)))

async function rate(count: number, run: (mailbox: Mailbox) => Promise<unknown>): Promise<Figures> {
  return { perSecond: await perSecond(count, { prepare: () => new Mailbox(), run }) }
}

await runMeasure({
  call: () => rate(CALLS, (mailbox) => call(mailbox, CALLS)),
  'call-100': () => rate(CALLS, callers),
  cast: () => rate(CASTS, (mailbox) => cast(mailbox, BURST)),
  'cast-flood': () => rate(CASTS, (mailbox) => cast(mailbox, CASTS)),
})
