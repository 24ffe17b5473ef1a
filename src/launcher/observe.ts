// What the launcher asks of the nodes over HTTP, and waiting until they all say that they are one cluster.
import { setTimeout as sleep } from 'node:timers/promises'
import { LaunchFailure } from './failure.ts'

/** The part of `GET /observer` that the live line shows. */
export interface ClusterStatus {
  readonly up: number
  readonly expected: number | null
  readonly names: number
  readonly restarts: number
  readonly takeovers: number
}

const POLL_MS = 100
const ANSWER_WITHIN_MS = 2000

/** GETs JSON; `undefined` if that node does not answer so. */
export async function ask(address: string, path: string): Promise<Record<string, unknown> | undefined> {
  try {
    const response = await fetch(address + path, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
    const body = (await response.json()) as Record<string, unknown>
    return response.ok ? body : undefined
  } catch {
    return undefined
  }
}

/** The cluster's status from the first node that answers. */
export async function clusterStatus(addresses: readonly string[]): Promise<ClusterStatus | undefined> {
  for (const address of addresses) {
    const answer = await ask(address, '/observer')
    if (answer !== undefined) return answer.cluster as ClusterStatus
  }
  return undefined
}

/** Resolves when every node sees every node up, and each of them answers each. */
export function wholeCluster(addresses: readonly string[], withinMs: number): Promise<void> {
  return until(addresses, '/observer/v1/cluster', withinMs, `the ${addresses.length} nodes did not become one cluster`, (answers) =>
    answers.every(({ members, missing }) => {
      const up = (members as { status: string }[]).filter(({ status }) => status === 'up')
      return up.length === addresses.length && (missing as unknown[]).length === 0
    }),
  )
}

/** Resolves when every node knows at least so many lots. */
export function lotsEverywhere(addresses: readonly string[], lots: number, withinMs: number): Promise<void> {
  return until(addresses, '/observer/v1/registry?limit=10000', withinMs, `not every node came to know of ${lots} lots`, (answers) =>
    answers.every(({ names }) => (names as unknown[]).length >= lots),
  )
}

async function until(
  addresses: readonly string[],
  path: string,
  withinMs: number,
  failure: string,
  holds: (answers: readonly Record<string, unknown>[]) => boolean,
): Promise<void> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const answers = await Promise.all(addresses.map((address) => ask(address, path)))
    const given = answers.filter((answer) => answer !== undefined)
    if (given.length === addresses.length && holds(given)) return
    if (Date.now() >= deadline) throw new LaunchFailure(1, `${failure} within ${withinMs / 1000} s`)
    await sleep(POLL_MS)
  }
}
