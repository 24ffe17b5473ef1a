// Wall clocks of OS processes that jump when a test wants it, by libfaketime.
import { globSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where Debian has it, whatever the machine. */
const [FAKETIME] = globSync('/usr/lib/*/faketime/libfaketime.so.1')

/** Why wall clocks cannot be made to jump here; undefined: they can. */
export function whyNoJumps(): string | undefined {
  return FAKETIME === undefined ? 'libfaketime is needed: install faketime' : undefined
}

export class WallClocks {
  readonly #directory: string
  readonly #offsets = new Map<string, number>()
  readonly #setBack = new Set<string>()

  constructor(directory: string) {
    this.#directory = directory
  }

  /** The wall clock of whoever was started with `env(name)` is off by so much from now on; time as it passes is not touched. */
  set(name: string, offsetMs: number): void {
    if (offsetMs < (this.#offsets.get(name) ?? 0)) this.#setBack.add(name)
    this.#offsets.set(name, offsetMs)
    const path = this.#file(name)
    // Its reader must never see half of it.
    writeFileSync(`${path}.new`, `${offsetMs < 0 ? '-' : '+'}${Math.abs(offsetMs) / 1000}\n`)
    renameSync(`${path}.new`, path)
  }

  /** Whether it was ever behind itself. */
  wasSetBack(name: string): boolean {
    return this.#setBack.has(name)
  }

  #file(name: string): string {
    return join(this.#directory, `${name}.clock`)
  }

  env(name: string): NodeJS.ProcessEnv {
    if (!this.#offsets.has(name)) this.set(name, 0)
    return {
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: this.#file(name),
      FAKETIME_NO_CACHE: '1',
      // A monotonic clock that jumps is no clock that a kernel gives.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    }
  }
}
