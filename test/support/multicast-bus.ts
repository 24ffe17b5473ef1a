// A multicast group within one process: everything sent comes to everybody, the sender too, and a test may record it or send its own.
import type { JoinMulticast, MulticastListener } from '#src/cluster/topology/multicast.ts'

export class MulticastBus {
  readonly sent: Buffer[] = []
  readonly #listeners = new Set<MulticastListener>()
  /** Set to have every send fail. */
  failure: Error | undefined

  readonly join: JoinMulticast = async (_options, listener) => {
    this.#listeners.add(listener)
    return {
      send: async (bytes) => {
        if (this.failure !== undefined) throw this.failure
        this.sent.push(bytes)
        this.deliver(bytes)
      },
      stay: () => {},
      close: async () => void this.#listeners.delete(listener),
    }
  }

  /** Brings a datagram to everybody, as if anybody had sent it. */
  deliver(bytes: Buffer): void {
    for (const listener of this.#listeners) listener.heard(Buffer.from(bytes))
  }
}
