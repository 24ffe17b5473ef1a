// What every route of the observer works with: the questions to nodes, one answer for many who ask, and what an answer says of itself.
import { incarnationOf, nodeName } from '#cluster'
import {
  ANSWER_WITHIN_MS,
  Asking,
  type ClusterAnswer,
  memberSnapshots,
  type NodeParts,
  type ObserverCalls,
  SharedAnswers,
} from '#introspect'
import type { NodeId } from '#process'
import { Refusal } from '../problem.ts'

/** Different questions to one route that are worked on at a time. */
const AT_A_TIME = 16

/** Addresses outside that the page links to; `{trace}` and `{alert}` are filled in there. */
export interface OutsideLinks {
  readonly grafana?: string | undefined
  readonly trace?: string | undefined
  readonly runbook?: string | undefined
}

export class Observing {
  readonly parts: NodeParts
  readonly asking: Asking
  readonly links: OutsideLinks
  readonly #shared: SharedAnswers
  readonly #underWay = new Map<string, number>()

  constructor(parts: NodeParts, links: OutsideLinks) {
    this.parts = parts
    this.links = links
    this.asking = new Asking(parts.cluster, parts.runtime)
    this.#shared = new SharedAnswers(parts.runtime.clock)
  }

  /** What every answer says of itself. */
  about(): { node: string; incarnation: string; collectedAt: string } {
    const { cluster, runtime } = this.parts
    return {
      node: nodeName(cluster.id),
      incarnation: incarnationOf(cluster.id).toString(36),
      collectedAt: iso(runtime.clock.wall()),
    }
  }

  /** Of an answer from this node's own copy: nobody else had to be asked. */
  alone(): { answered: string[]; missing: [] } {
    return { answered: [nodeName(this.parts.cluster.id)], missing: [] }
  }

  /** Works an answer out once for however many ask within `refreshMs`; 503 where too much is asked at a time. */
  share<T>(route: string, query: unknown, refreshMs: number, work: () => Promise<T>): Promise<T> {
    return this.#shared.ask(`${route} ${JSON.stringify(query)}`, refreshMs, async () => {
      const underWay = this.#underWay.get(route) ?? 0
      if (underWay >= AT_A_TIME) {
        throw new Refusal(503, 'ERR_OTP_HTTP_BUSY', `as many questions to ${route} are being answered as may be at a time`, 1)
      }
      this.#underWay.set(route, underWay + 1)
      try {
        return await work()
      } finally {
        this.#underWay.set(route, (this.#underWay.get(route) ?? 1) - 1)
      }
    })
  }

  all<C extends keyof ObserverCalls>(
    call: C,
    payload: ObserverCalls[C]['payload'],
    only?: string,
  ): Promise<ClusterAnswer<ObserverCalls[C]['answer']>> {
    return this.asking.all(call, payload, only === undefined ? undefined : [this.nodeNamed(only)])
  }

  /** What one node answers; a `Refusal` if it does not. */
  async one<C extends keyof ObserverCalls>(
    id: NodeId,
    call: C,
    payload: ObserverCalls[C]['payload'],
    withinMs = ANSWER_WITHIN_MS,
  ): Promise<ObserverCalls[C]['answer']> {
    const answer = await this.asking.one(id, call, payload, withinMs)
    if (answer.ok) return answer.value
    if (answer.reason === 'timeout') {
      throw new Refusal(504, 'ERR_OTP_HTTP_NODE_SILENT', `${nodeName(id)} did not answer within ${withinMs} ms`)
    }
    throw new Refusal(503, 'ERR_OTP_HTTP_NODE_SILENT', `${nodeName(id)} did not answer: ${answer.reason}`, 1)
  }

  /** The life of a node that is in the cluster now; a `Refusal` if there is none of that name. */
  nodeNamed(name: string): NodeId {
    const { cluster } = this.parts
    for (const id of cluster.alive) if (nodeName(id) === name) return id
    const known = memberSnapshots(cluster).find((member) => member.name === name)
    if (known === undefined) throw new Refusal(404, 'ERR_OTP_HTTP_NO_SUCH_NODE', `there is no node ${JSON.stringify(name)} in the cluster`)
    throw new Refusal(503, 'ERR_OTP_HTTP_NODE_SILENT', `${name} is ${known.status}`, 1)
  }

  /** Where a process lives; a `Refusal` if that node, in that life, is not in the cluster. */
  nodeOf(pid: string): NodeId {
    const id = pid.slice(0, pid.lastIndexOf('.'))
    if (this.parts.cluster.alive.has(id)) return id
    throw noProcess(pid)
  }
}

export function noProcess(pid: string): Refusal {
  return new Refusal(404, 'ERR_OTP_HTTP_NO_SUCH_PROCESS', `there is no process ${pid}, or no more`)
}

/** A wall clock as text; what is no time becomes the beginning of time rather than an error. */
export function iso(wall: number): string {
  const date = new Date(wall)
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString()
}

export const isoOrNull = (wall: number | null): string | null => (wall === null ? null : iso(wall))
