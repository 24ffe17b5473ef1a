// One look at the cluster: the answers that the terminal shows, asked for at once.
import type { Answers } from '#answers'
import type { CliOptions } from './args.ts'

export interface Look {
  readonly cluster: Answers['cluster']
  readonly processes: Answers['processes']
  readonly supervisors: Answers['supervisors']
  readonly events: Answers['events']
}

/** Longer than a node waits for the others. */
const WITHIN_MS = 5000

/** Rejects with an `Error` whose message says what was asked of whom, and what came. */
export async function look({ url, token, sort }: Pick<CliOptions, 'url' | 'token' | 'sort'>): Promise<Look> {
  const ask = async <N extends keyof Answers>(path: string): Promise<Answers[N]> => {
    const address = `${url}/observer/v1/${path}`
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
    let response: Response
    try {
      response = await fetch(address, { headers, signal: AbortSignal.timeout(WITHIN_MS) })
    } catch (error) {
      const why = error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error)
      throw new Error(`no answer from ${url}: ${why}`, { cause: error })
    }
    const body = (await response.json().catch(() => undefined)) as Answers[N] | Answers['problem'] | undefined
    if (response.ok && body !== undefined) return body as Answers[N]
    throw new Error(`${address} answered ${response.status}: ${(body as Answers['problem'] | undefined)?.detail ?? 'no problem document'}`)
  }
  const [cluster, processes, supervisors, events] = await Promise.all([
    ask<'cluster'>('cluster'),
    ask<'processes'>(`processes?limit=100&sort=${sort}`),
    ask<'supervisors'>('supervisors?limit=1000'),
    ask<'events'>('events?limit=100'),
  ])
  return { cluster, processes, supervisors, events }
}
