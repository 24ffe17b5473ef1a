// Questions to one node or to all at once, and an honest account of who has not answered.
import { type Cluster, nodeName } from '#cluster'
import { describeExit, ExitError, type NodeId, NodeRef, type Runtime } from '#process'
import { OBSERVER, type ObserverCalls } from './observer-calls.ts'

/** How long a node may take to answer before it counts as missing; and one that was late the last time, until it is in time again. */
export const ANSWER_WITHIN_MS = 1000
const LATE_WITHIN_MS = 100

export interface Missing {
  readonly node: string
  readonly reason: string
}

export interface ClusterAnswer<T> {
  readonly answers: readonly { readonly id: NodeId; readonly node: string; readonly value: T }[]
  /** Names of the nodes that answered, and of members that are up or suspect and did not. */
  readonly answered: readonly string[]
  readonly missing: readonly Missing[]
}

export type NodeAnswer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string }

export class Asking {
  readonly #cluster: Cluster
  readonly #runtime: Runtime
  /** Who did not answer in time when last asked. */
  readonly #late = new Set<NodeId>()

  constructor(cluster: Cluster, runtime: Runtime) {
    this.#cluster = cluster
    this.#runtime = runtime
  }

  /** Asks one node; what it is told to do may take longer than what it is asked. */
  async one<C extends keyof ObserverCalls>(
    id: NodeId,
    call: C,
    payload: ObserverCalls[C]['payload'],
    withinMs = ANSWER_WITHIN_MS,
  ): Promise<NodeAnswer<ObserverCalls[C]['answer']>> {
    try {
      const value = await this.#runtime.call(new NodeRef(id, OBSERVER, 'observer'), call, payload, withinMs)
      this.#late.delete(id)
      return { ok: true, value: value as ObserverCalls[C]['answer'] }
    } catch (error) {
      if (!(error instanceof ExitError)) throw error
      if (error.reason === 'timeout') this.#late.add(id)
      return { ok: false, reason: describeExit(error.reason) }
    }
  }

  /** Asks every member that is not known to be gone, or some of them; nobody is waited for longer than the deadline. */
  async all<C extends keyof ObserverCalls>(
    call: C,
    payload: ObserverCalls[C]['payload'],
    ids: Iterable<NodeId> = this.#cluster.alive,
  ): Promise<ClusterAnswer<ObserverCalls[C]['answer']>> {
    for (const id of this.#late) if (!this.#cluster.alive.has(id)) this.#late.delete(id)
    const answers: { id: NodeId; node: string; value: ObserverCalls[C]['answer'] }[] = []
    const missing: Missing[] = []
    await Promise.all(
      [...ids].map(async (id) => {
        const answer = await this.one(id, call, payload, this.#late.has(id) ? LATE_WITHIN_MS : ANSWER_WITHIN_MS)
        if (answer.ok) answers.push({ id, node: nodeName(id), value: answer.value })
        else missing.push({ node: nodeName(id), reason: answer.reason })
      }),
    )
    answers.sort((a, b) => (a.node < b.node ? -1 : 1))
    missing.sort((a, b) => (a.node < b.node ? -1 : 1))
    return { answers, answered: answers.map(({ node }) => node), missing }
  }
}
