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

/** A command, its output kept. */
export class Command {
  stdout = ''
  stderr = ''
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}) {
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

/** Ends what a test left running. */
export async function endCommands(): Promise<void> {
  for (const command of started) command.kill('SIGTERM')
  await Promise.all([...started].map(({ ended }) => ended))
}

/** Whether there is such an OS process; one that has ended and that nobody has asked about is none. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z'
  } catch {
    return false
  }
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

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
