// Asks every live node for its copy of a state, so that the newest is known and every node has been shown the new owner's token.
import type { Cluster, Frame } from '#cluster'
import { whole } from '#cluster'
import type { NodeId } from '#process'
import { copyIn, fenceIn, wireToken } from './copy-host.ts'
import type { Fence, StoredState } from './fence.ts'
import type { Relay } from './relay.ts'

export type SurveyResult =
  | { readonly ok: true; readonly copies: ReadonlyMap<NodeId, StoredState> }
  | { readonly ok: false; readonly reason: 'fenced'; readonly by: Fence }

interface Survey {
  readonly key: string
  readonly fence: Fence
  readonly inherits: boolean
  readonly missing: Set<NodeId>
  readonly copies: Map<NodeId, StoredState>
  readonly settle: (result: SurveyResult) => void
}

/**
 * A survey is over when every node that is alive has answered. There is no deadline: the one that is silent may have the only copy, and
 * the members' view says in time whether it still lives.
 */
export class CopySurveys {
  readonly #cluster: Cluster
  readonly #relay: Relay
  readonly #surveys = new Map<number, Survey>()
  #lastId = 0

  constructor(cluster: Cluster, relay: Relay) {
    this.#cluster = cluster
    this.#relay = relay
    relay.handle('state.copy', (from, frame) => this.#onCopy(from, frame))
    relay.handle('state.denied', (_from, frame) =>
      this.#settle(whole(frame[1], 'id'), { ok: false, reason: 'fenced', by: fenceIn(frame, 2) }),
    )
    cluster.onTick(() => this.#askAgain())
    cluster.onChange(() => this.#dropDead())
    cluster.onLink((peer, isUp) => {
      if (isUp) for (const [id, survey] of this.#surveys) if (survey.missing.has(peer)) this.#ask(id, survey, peer)
    })
  }

  /** Of this birth; with `inherits`, of any up to it. */
  ask(key: string, fence: Fence, inherits: boolean): Promise<SurveyResult> {
    return new Promise((settle) => {
      const missing = new Set(this.#cluster.alive)
      missing.delete(this.#cluster.id)
      const id = ++this.#lastId
      const survey: Survey = { key, fence, inherits, missing, copies: new Map(), settle }
      this.#surveys.set(id, survey)
      for (const peer of missing) this.#ask(id, survey, peer)
      this.#settleIfWhole(id, survey)
    })
  }

  #ask(id: number, { key, fence, inherits }: Survey, peer: NodeId): void {
    this.#relay.send(peer, ['state.ask', id, key, ...wireToken(fence), inherits ? 1 : 0])
  }

  #onCopy(from: NodeId, frame: Frame): void {
    const id = whole(frame[1], 'id')
    const survey = this.#surveys.get(id)
    if (survey === undefined || !survey.missing.delete(from)) return
    const copy = copyIn(frame)
    if (copy !== undefined) survey.copies.set(from, copy)
    this.#settleIfWhole(id, survey)
  }

  #askAgain(): void {
    this.#dropDead()
    for (const [id, survey] of this.#surveys) for (const peer of survey.missing) this.#ask(id, survey, peer)
  }

  #dropDead(): void {
    for (const [id, survey] of this.#surveys) {
      for (const peer of survey.missing) if (!this.#cluster.alive.has(peer)) survey.missing.delete(peer)
      this.#settleIfWhole(id, survey)
    }
  }

  #settleIfWhole(id: number, { missing, copies }: Survey): void {
    if (missing.size === 0) this.#settle(id, { ok: true, copies })
  }

  #settle(id: number, result: SurveyResult): void {
    const survey = this.#surveys.get(id)
    this.#surveys.delete(id)
    survey?.settle(result)
  }
}
