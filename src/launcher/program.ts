// A program that the launcher runs as a child: it writes to a log, talks over an IPC channel, and ends when that closes.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface ProgramOptions {
  readonly name: string
  /** The program's file. */
  readonly script: URL
  readonly args?: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Standard output and error go there; undefined: to this program's own. */
  readonly logFile?: string
}

/** How a program ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export const NODE_SCRIPT = new URL('../main.ts', import.meta.url)
export const NATS_SCRIPT = new URL('./nats-server.ts', import.meta.url)
export const DRIVER_SCRIPT = new URL('../auctions/driver.ts', import.meta.url)

export class Program {
  readonly name: string
  readonly ended: Promise<Ending>
  onMessage: (message: unknown) => void = () => undefined
  ending: Ending | undefined
  readonly #child: ChildProcess
  readonly #logFile: string | undefined

  constructor({ name, script, args = [], env, logFile }: ProgramOptions) {
    this.name = name
    this.#logFile = logFile
    const output = logFile === undefined ? 'inherit' : openSync(logFile, 'a', 0o600)
    this.#child = spawn(process.execPath, [fileURLToPath(script), ...args], {
      env,
      stdio: ['ignore', output, output, 'ipc'],
      // A group of its own: Ctrl-C at the terminal is for the launcher, who stops its programs in order.
      detached: true,
    })
    if (typeof output === 'number') closeSync(output)
    this.#child.on('message', (message) => this.onMessage(message))
    this.ended = new Promise((resolve) => {
      const end = (ending: Ending): void => {
        this.ending = ending
        resolve(ending)
      }
      this.#child.once('exit', (code, signal) => end({ code, signal }))
      // It could not be started at all.
      this.#child.once('error', () => {
        if (this.pid === undefined) end({ code: 127, signal: null })
      })
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  kill(signal: NodeJS.Signals): void {
    if (this.ending !== undefined || this.pid === undefined) return
    // With its group: what it has started itself could not be asked by it any more.
    if (signal === 'SIGKILL') process.kill(-this.pid, signal)
    else this.#child.kill(signal)
  }

  /** Asks it to end, and ends it after `withinMs`. */
  async stop(withinMs: number): Promise<Ending> {
    this.kill('SIGTERM')
    const timer = setTimeout(() => this.kill('SIGKILL'), withinMs)
    const ending = await this.ended
    clearTimeout(timer)
    return ending
  }

  /** The last lines of its log. */
  lastLines(count: number): string {
    return this.#logFile === undefined ? '' : readFileSync(this.#logFile, 'utf8').trimEnd().split('\n').slice(-count).join('\n')
  }
}

export function describeEnding({ code, signal }: Ending): string {
  return signal === null ? `exit code ${code}` : signal
}
