// For drills: a transport whose links to a peer can be cut for a while, as a partition cuts them. Everything else is the one within.
import type { Clock } from '#base'
import { nodeName } from '../node-name.ts'
import type { DialFailure, Link, Transport, TransportListener } from './transport.ts'

export class CuttableTransport implements Transport {
  readonly #within: Transport
  readonly #clock: Clock
  /** Until when each peer is out of reach, by its name. */
  readonly #cutUntil = new Map<string, number>()
  /** Links that the listener was told of. */
  readonly #links = new Set<Link>()
  /** How many links came up during a cut, and were closed without a word. */
  #untold = 0

  constructor(within: Transport, clock: Clock) {
    this.#within = within
    this.#clock = clock
  }

  get address(): string {
    return this.#within.address
  }

  /**
   * For so long there is no link to the node of this name: those that are up close, and those that come up are closed without a word. To be done on
   * both nodes, else the other one sees links that do not last.
   */
  cut(peer: string, forMs: number): void {
    this.#cutUntil.set(peer, this.#clock.now() + forMs)
    for (const link of [...this.#links]) if (nodeName(link.peer) === peer) link.close('cut')
  }

  listen(listener: TransportListener): Promise<void> {
    return this.#within.listen({
      up: (link, durationMs) => {
        if (this.#clock.now() < (this.#cutUntil.get(nodeName(link.peer)) ?? 0)) {
          this.#untold++
          link.close('cut')
        } else {
          this.#links.add(link)
          listener.up(link, durationMs)
        }
      },
      frame: (link, frame) => {
        if (this.#links.has(link)) listener.frame(link, frame)
      },
      closed: (link, reason) => {
        if (this.#links.delete(link)) listener.closed(link, reason)
      },
      handshakeRefused: (reason, remote, detail) => listener.handshakeRefused(reason, remote, detail),
      frameRefused: (peer, reason) => listener.frameRefused(peer, reason),
      certificatesRefused: (error) => listener.certificatesRefused(error),
      secretsRefused: (error) => listener.secretsRefused(error),
      isBehind: () => listener.isBehind(),
    })
  }

  async dial(address: string): Promise<DialFailure | undefined> {
    const before = this.#untold
    const failure = await this.#within.dial(address)
    if (failure !== undefined || this.#untold === before) return failure
    return { kind: 'timeout', detail: `${address} is cut off for a drill` }
  }

  close(): Promise<void> {
    return this.#within.close()
  }
}
