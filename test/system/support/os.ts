// OS processes that a test starts, and knowing whether they are gone; every one of them ends with the test.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkPorts, neededPorts } from '#src/launcher/ports.ts'
import { eventually } from '#test/support/eventually.ts'

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const started = new Set<Command>()
const frozen = new Set<number>()
const directories = new Set<Directory>()
let isEnding = false

/** A command, its output kept. */
export class Command {
  stdout = ''
  stderr = ''
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}) {
    if (isEnding) throw new Error(`${command} is not started: this program was told to stop`)
    // What configures the test run is no setting of a node.
    const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OTP_')))
    this.#child = spawn(command, args, { env: { ...own, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    started.add(this)
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    // `close`: all that it wrote has been read.
    this.ended = new Promise((resolve) => this.#child.once('close', (code, signal) => resolve({ code, signal })))
    void this.ended.then(() => started.delete(this))
  }

  get pid(): number {
    return this.#child.pid as number
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}

/** Stops an OS process in its tracks, or lets it go on. */
export function freeze(pid: number, isStill: boolean): void {
  process.kill(pid, isStill ? 'SIGSTOP' : 'SIGCONT')
  if (isStill) frozen.add(pid)
  else frozen.delete(pid)
}

/** Ends what a test left running. */
export async function endCommands(): Promise<void> {
  // What stands still does not hear that it has to end.
  for (const pid of frozen) if (isRunning(pid)) freeze(pid, false)
  frozen.clear()
  for (const command of started) command.kill('SIGTERM')
  await Promise.all([...started].map(({ ended }) => ended))
}

/** For a program that was told to stop: ends what it has started, starts nothing more, and leaves no directory behind. */
export async function endForGood(): Promise<void> {
  isEnding = true
  await endCommands()
  for (const directory of directories) directory.remove()
}

/** Whether there is such an OS process; one that has ended and that nobody has asked about is none. */
export function isRunning(pid: number): boolean {
  const state = stateOf(pid)
  return state !== undefined && state !== 'Z'
}

/** Whether it stands still. */
export const isFrozen = (pid: number): boolean => stateOf(pid) === 'T'

function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2)[0]
  } catch {
    return undefined
  }
}

/** OS processes that were started by this one. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
}

export async function allGone(pids: readonly number[], withinMs: number): Promise<void> {
  await eventually(`no process is left of ${pids.join(', ')}`, withinMs, () => !pids.some(isRunning))
}

/** A port base whose ports are free, below the ports that systems give out by themselves. */
export async function freePortBase(nodes = 4): Promise<number> {
  const numbers = Array.from({ length: nodes }, (_, index) => index + 1)
  return eventually('a free port base', 5000, async () => {
    const base = randomInt(10_000, 26_000)
    await checkPorts(neededPorts(base, numbers), 0)
    return base
  })
}

/** A directory of the test's own. */
export class Directory {
  readonly path = mkdtempSync(join(tmpdir(), 'otp-system-'))

  constructor() {
    directories.add(this)
  }

  remove(): void {
    directories.delete(this)
    rmSync(this.path, { recursive: true, force: true })
  }
}
