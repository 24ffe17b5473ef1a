// How long a peer takes to answer over its link, its event loop and this node's included: asked now and then, and stated.
import type { Clock, Emitter } from '#base'
import type { NodeId } from '#process'
import type { Cluster } from './cluster.ts'
import type { ClusterEvents } from './events.ts'
import { whole } from './frame-check.ts'

/** Every so manieth beat: an idle cluster is to stay one. */
const BEATS = 5

export class RoundTrips {
  /** The question that each peer has not answered yet: the oldest one counts. */
  readonly #asked = new Map<NodeId, { readonly number: number; readonly at: number }>()
  #beats = 0
  #last = 0

  constructor(cluster: Cluster, clock: Clock, events: Emitter<ClusterEvents>) {
    const ask = (peer: NodeId) => {
      if (this.#asked.has(peer)) return
      this.#asked.set(peer, { number: ++this.#last, at: clock.now() })
      cluster.send(peer, ['ping', this.#last])
    }
    cluster.onLink((peer, isUp) => {
      this.#asked.delete(peer)
      if (isUp) ask(peer)
    })
    cluster.onTick(() => {
      if (this.#beats++ % BEATS === 0) for (const { peer } of cluster.links) ask(peer)
    })
    cluster.handle('ping', (from, frame) => cluster.send(from, ['pong', whole(frame[1], 'number')]))
    cluster.handle('pong', (from, frame) => {
      const asked = this.#asked.get(from)
      if (asked?.number !== whole(frame[1], 'number')) return
      this.#asked.delete(from)
      events.emit('cluster.peer_answered', { peer: from, durationMs: clock.now() - asked.at })
    })
  }
}
