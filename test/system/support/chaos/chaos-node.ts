// One node of the chaos, seen from the test: started, told what to do, scraped, stopped and killed.
import { eventually } from '#test/support/eventually.ts'
import { Command } from '../os.ts'
import type { ChaosSettings } from './main.ts'

/** A busy machine takes its time to read so much TypeScript. */
const READY_WITHIN_MS = 120_000
const ANSWER_WITHIN_MS = 20_000
const PROGRAM = new URL('./main.ts', import.meta.url).pathname

export class ChaosNode {
  readonly name: string
  readonly address: string
  readonly #command: Command

  private constructor(name: string, address: string, command: Command) {
    this.name = name
    this.address = address
    this.#command = command
  }

  static async start(settings: ChaosSettings, env: Readonly<Record<string, string>>): Promise<ChaosNode> {
    const command = new Command(process.execPath, [PROGRAM, JSON.stringify(settings)], env)
    const line = await Promise.race([
      eventually(`${settings.name} is ready`, READY_WITHIN_MS, () => /^ready (\S+)$/m.exec(command.stdout)?.[1]),
      command.ended.then(({ code }) => {
        throw new Error(`${settings.name} ended with ${code}: ${command.stderr}`)
      }),
    ])
    return new ChaosNode(settings.name, line, command)
  }

  /** Does one of the program's acts. */
  async do<T>(act: string, given: object = {}): Promise<T> {
    const response = await fetch(`${this.address}/acts/${act}`, {
      method: 'POST',
      body: JSON.stringify(given),
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${this.name} could not ${act}: ${text}`)
    return (JSON.parse(text) as { answer: T }).answer
  }

  async get(path: string, accept = 'text/plain'): Promise<string> {
    const response = await fetch(this.address + path, { headers: { accept }, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
    return response.text()
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL' | 'SIGTERM'): void {
    this.#command.kill(signal)
  }

  /** Resolves when it is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.signal(signal)
    await this.#command.ended
  }
}
