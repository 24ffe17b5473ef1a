// One life of a node under proof: its OS process, and what that has handled.
import { readFileSync, writeFileSync } from 'node:fs'
import { ToldProcess } from '#test/system/support/told-process.ts'
import { type Life, parseHandled } from './handled.ts'
import type { NodeName } from './schedule.ts'
import type { NodeSettings, Questions } from './settings.ts'

const PROGRAM = new URL('./program.ts', import.meta.url).pathname

export class OwnerProcess extends ToldProcess<Questions> {
  readonly node: NodeName
  readonly id: string
  readonly #handled: string

  constructor(id: string, namespace: string, settings: NodeSettings, env: NodeJS.ProcessEnv) {
    // There from the beginning, even if the program never gets as far as its first line.
    for (const file of [settings.handled, settings.story]) writeFileSync(file, '')
    super({ name: id, namespace, program: PROGRAM, settings, env })
    this.node = settings.name
    this.id = id
    this.#handled = settings.handled
  }

  get isRunning(): boolean {
    return this.endedAt === undefined
  }

  get isPaused(): boolean {
    return this.pauses.at(-1)?.to === Number.POSITIVE_INFINITY
  }

  /** What it has handled up to now. */
  life(now: number): Life {
    const { id, pauses, endedAt = now } = this
    const stopped = pauses.find(({ to }) => to === Number.POSITIVE_INFINITY)?.from ?? endedAt
    return { id, pauses, handled: parseHandled(readFileSync(this.#handled, 'utf8'), Math.min(stopped, endedAt)) }
  }
}
