// Calls as they come to nodes behind a load balancer: what one node does not take is tried at another, until there is an answer or no time.
import type { Tried, Try } from './history.ts'
import { deadline, now, until } from './own-time.ts'

/** A node that could not be reached is left alone for so long, unless all are. */
const REST_MS = 200
/** Before the second try of a call, and doubled from try to try up to the most. */
const PAUSE_MS = { first: 5, most: 100 } as const

export interface Target {
  readonly name: string
  readonly http: string
}

export interface Response {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export interface Asked {
  readonly response: Response | undefined
  readonly tries: readonly Try[]
}

export class Balancer {
  readonly #targets: readonly Target[]
  readonly #restsUntil = new Map<string, number>()
  #turn = 0

  constructor(targets: readonly Target[]) {
    this.#targets = targets
  }

  /** Safe only for what may be done twice. */
  async ask(method: 'GET' | 'POST', path: string, deadlineAt: number, body?: unknown): Promise<Asked> {
    const tries: Try[] = []
    for (let pauseMs = 0; ; pauseMs = Math.min(PAUSE_MS.most, Math.max(PAUSE_MS.first, pauseMs * 2))) {
      if (now() + pauseMs >= deadlineAt) return { response: undefined, tries }
      await until(now() + pauseMs)
      const target = this.#choose(tries.at(-1)?.node)
      const sentAt = now()
      const { how, response } = await this.#try(target, method, path, deadlineAt, body)
      tries.push({ node: target.name, sentAt, endedAt: now(), how })
      if (response !== undefined || how === 'late') return { response, tries }
    }
  }

  async #try(
    target: Target,
    method: string,
    path: string,
    deadlineAt: number,
    body: unknown,
  ): Promise<{ how: Tried; response?: Response }> {
    const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const { signal, stop } = deadline(deadlineAt)
    try {
      const response = await fetch(target.http + path, { method, signal, ...content })
      const text = await response.text()
      if (response.status === 503) return { how: 'unavailable' }
      return { how: 'answered', response: { status: response.status, body: JSON.parse(text) as Response['body'] } }
    } catch (error) {
      const how = howItFailed(error as Error)
      if (how !== 'late') this.#restsUntil.set(target.name, now() + REST_MS)
      return { how }
    } finally {
      stop()
    }
  }

  /** In turn, and another one than the last where there is a choice. */
  #choose(last: string | undefined): Target {
    const at = now()
    const rested = this.#targets.filter(({ name }) => (this.#restsUntil.get(name) ?? 0) <= at)
    const others = rested.filter(({ name }) => name !== last)
    const choice = others.length > 0 ? others : rested.length > 0 ? rested : this.#targets
    return choice[this.#turn++ % choice.length] as Target
  }
}

function howItFailed(error: Error): Tried {
  if (error.name === 'TimeoutError') return 'late'
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException
  if (code === 'ECONNREFUSED') return 'refused'
  // The node ended, or closed a connection that was idle, before it has answered.
  return error instanceof TypeError ? 'broken' : 'unexpected'
}
