// Which ports the nodes of a run use, and whether they are free.
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { BLOCKED_PORTS } from './blocked-ports.ts'
import { LaunchFailure } from './failure.ts'

/** From a node's HTTP port to its metrics port: 4001 and 9101. */
export const METRICS_OFFSET = 5100
/** From the port base to a server of NATS: 4222, as everywhere. */
const NATS_OFFSET = 222
const HOST = '127.0.0.1'
const POLL_MS = 200

export interface NeededPort {
  readonly port: number
  /** Such as `the HTTP of n1`. */
  readonly use: string
  /** Whether it is opened in browsers, and asked by `fetch`. */
  readonly isBrowsed: boolean
}

export function portsOf(portBase: number, number: number): { readonly http: number; readonly metrics: number } {
  return { http: portBase + number, metrics: portBase + METRICS_OFFSET + number }
}

export function natsPort(portBase: number): number {
  return portBase + NATS_OFFSET
}

/** The ports of the nodes with these numbers. */
export function neededPorts(portBase: number, numbers: readonly number[]): NeededPort[] {
  return numbers.flatMap((number) => {
    const { http, metrics } = portsOf(portBase, number)
    return [
      { port: http, use: `the HTTP of n${number}`, isBrowsed: true },
      { port: metrics, use: `the metrics of n${number}`, isBrowsed: true },
    ]
  })
}

/** Throws `LaunchFailure` (1) that names what is taken, unless it is let go within `withinMs`. */
export async function checkPorts(needed: readonly NeededPort[], withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const problems = await Promise.all(needed.map(async (one) => ({ ...one, problem: await problemWith(one) })))
    const bad = problems.filter(({ problem }) => problem !== undefined)
    if (bad.length === 0) return
    if (Date.now() >= deadline) {
      const list = bad.map(({ port, use, problem }) => `port ${port} (${use}) ${problem}`).join('\n')
      throw new LaunchFailure(1, `${list}\nChoose other ports with --port-base, or end what uses a taken one.`)
    }
    await sleep(POLL_MS)
  }
}

/** Listens there for a moment: the only way to know that it is free. */
async function problemWith({ port, isBrowsed }: NeededPort): Promise<string | undefined> {
  if (isBrowsed && BLOCKED_PORTS.has(port)) return 'is one to which no browser connects'
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      const { code } = error
      resolve(code === 'EADDRINUSE' ? 'is taken' : code === 'EACCES' ? 'may not be used by this user' : `cannot be used: ${error.message}`)
    })
    server.listen({ host: HOST, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}
