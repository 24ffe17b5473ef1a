// Programs that a machine may have or not: run to their end, or known to be missing.
import { execFile, spawnSync } from 'node:child_process'

/** What a program said, and whether it was content. */
export interface Said {
  readonly ok: boolean
  readonly text: string
}

/** Why tests of a program are skipped here; `undefined` if it is installed. */
export function missing(program: string): string | undefined {
  return spawnSync(program, ['--version']).error === undefined ? undefined : `${program} is not installed here`
}

/** Runs a program to its end. */
export function run(program: string, args: readonly string[]): Promise<Said> {
  return new Promise((resolve) => {
    execFile(program, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
      resolve({ ok: error === null, text: `${stdout}${stderr}` }),
    )
  })
}
