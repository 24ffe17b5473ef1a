// Questions to all nodes at once, and an honest account of who has not answered.
import { type Cluster, nodeName } from '#cluster'
import { describeExit, ExitError, type NodeId, NodeRef, type Runtime } from '#process'
import { OBSERVER, type ObserverCalls } from './observer-server.ts'

/** How long a node may take to answer before it counts as missing. */
export const ANSWER_WITHIN_MS = 1000

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

/** Asks every member that is not known to be gone; nobody is waited for longer than the deadline. */
export async function askAll<C extends keyof ObserverCalls>(
  cluster: Cluster,
  runtime: Runtime,
  call: C,
  payload: ObserverCalls[C]['payload'],
): Promise<ClusterAnswer<ObserverCalls[C]['answer']>> {
  const answers: { id: NodeId; node: string; value: ObserverCalls[C]['answer'] }[] = []
  const missing: Missing[] = []
  await Promise.all(
    [...cluster.alive].map(async (id) => {
      try {
        const value = await runtime.call(new NodeRef(id, OBSERVER, 'observer'), call, payload, ANSWER_WITHIN_MS)
        answers.push({ id, node: nodeName(id), value: value as ObserverCalls[C]['answer'] })
      } catch (error) {
        if (!(error instanceof ExitError)) throw error
        missing.push({ node: nodeName(id), reason: describeExit(error.reason) })
      }
    }),
  )
  answers.sort((a, b) => (a.node < b.node ? -1 : 1))
  missing.sort((a, b) => (a.node < b.node ? -1 : 1))
  return { answers, answered: answers.map(({ node }) => node), missing }
}
