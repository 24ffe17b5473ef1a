// Carries frames about states to nodes that this one has no link to, by way of others: a node lives as long as anybody hears it.
import { BadFrame, type Cluster, type Frame, list, text, whole } from '#cluster'
import type { NodeId } from '#process'

/** So many nodes pass a frame on at most. */
const MAX_HOPS = 4

type FrameHandler = (from: NodeId, frame: Frame) => void

export class Relay {
  readonly #cluster: Cluster
  readonly #handlers = new Map<string, FrameHandler>()
  /** Which of the linked nodes is asked next. */
  #turn = 0

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    cluster.handle('state.relay', (from, frame) => this.#onRelay(from, frame))
  }

  /** Takes frames of this kind, however they come. */
  handle(kind: string, handler: FrameHandler): void {
    this.#handlers.set(kind, handler)
    this.#cluster.handle(kind, handler)
  }

  /** Without a link another node passes it on, a different one each time: who sends again has more luck. It may be lost, come late, or come twice. */
  send(to: NodeId, frame: Frame): void {
    if (!this.#cluster.send(to, frame)) this.#pass(to, ['state.relay', MAX_HOPS, this.#cluster.id, to, frame], to)
  }

  #onRelay(via: NodeId, [, hops, origin, target, content]: Frame): void {
    const left = whole(hops, 'hops')
    const from = text(origin, 'from')
    const to = text(target, 'to')
    const frame = list(content, 'frame') as unknown as Frame
    if (to === this.#cluster.id) {
      const handler = this.#handlers.get(text(frame[0], 'kind'))
      if (handler === undefined) throw new BadFrame(`expected a frame about states, got '${frame[0]}'`)
      handler(from, frame)
    } else if (left > 0) {
      const passed: Frame = ['state.relay', left - 1, from, to, frame]
      if (!this.#cluster.send(to, passed)) this.#pass(to, passed, via)
    }
  }

  /** Not back to where it came from. */
  #pass(to: NodeId, frame: Frame, via: NodeId): void {
    const linked = [...this.#cluster.alive].filter((id) => id !== to && id !== via && this.#cluster.isLinked(id))
    const next = linked[this.#turn++ % linked.length]
    if (next !== undefined) this.#cluster.send(next, frame)
  }
}
