// Runs one measuring program in an OS process of its own and reads its figures.
import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Command, Figures } from './bench.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** A program that hangs must not hang the benchmark. */
const LONGEST_MS = 180_000

/** A measuring program in this project, run by this Node, with `gc()` in its hands. */
export const nodeProgram = (path: string, ...args: string[]): Command => [process.execPath, '--expose-gc', path, ...args]

/** Whether a program of this name would be found. */
export function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Whether this npm package is installed; without its development dependencies the project has no peers. */
export function isPackageInstalled(name: string): boolean {
  try {
    import.meta.resolve(name)
    return true
  } catch {
    return false
  }
}

/** Resolves with the figures on the program's last line; rejects with what it said when it failed. */
export async function measure([file, ...args]: Command): Promise<Figures> {
  const { stdout } = await run(file, args, { cwd: ROOT, timeout: LONGEST_MS, maxBuffer: 2 ** 24 })
  return readFigures(stdout)
}

/** The figures on the last line of what a program printed. */
export function readFigures(output: string): Figures {
  const line = output.trimEnd().split('\n').at(-1) ?? ''
  try {
    const figures = JSON.parse(line) as unknown
    if (typeof figures === 'object' && figures !== null && Object.values(figures).every((value) => Number.isFinite(value)))
      return figures as Figures
  } catch {
    // Said below, with the line.
  }
  throw new Error(`expected a line of figures such as {"call": 785000}, got ${JSON.stringify(line)}`)
}
