// A multicast group of the local network, as a port; and the real one, over UDP.
import { createSocket } from 'node:dgram'
import { CodedError, whyOf } from '#base'

export interface MulticastOptions {
  readonly port: number
  /** The group: an IPv4 multicast address. */
  readonly address: string
  /** Which of this host's IPv4 addresses to use; without it the system chooses. */
  readonly interface: string | undefined
  readonly ttl: number
}

export interface MulticastListener {
  heard(bytes: Buffer): void
  failed(error: Error): void
}

/** One node's place in the group. What it sends comes back to it, too: nodes may share a host. */
export interface MulticastMember {
  send(bytes: Buffer): Promise<void>
  /** Joins again if the interface has been away; asked for now and then. */
  stay(): void
  close(): Promise<void>
}

/** Joins the group; rejects if that is not possible on this host. */
export type JoinMulticast = (options: MulticastOptions, listener: MulticastListener) => Promise<MulticastMember>

/** Rejects with `ERR_OTP_CLUSTER_GOSSIP_SOCKET`, the cause kept. */
export const joinMulticast: JoinMulticast = async (options, listener) => {
  const { port, address, interface: own, ttl } = options
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      // Bound to the group, it hears nothing that was sent to this host alone.
      socket.bind({ port, address: process.platform === 'win32' ? undefined : address }, () => {
        socket.off('error', reject)
        resolve()
      })
    })
    socket.addMembership(address, own)
    if (own !== undefined) socket.setMulticastInterface(own)
    socket.setMulticastTTL(ttl)
    socket.setMulticastLoopback(true)
  } catch (error) {
    socket.close()
    const where = own === undefined ? 'the interface that the system chooses' : own
    const why = whyOf(error)
    throw new CodedError('ERR_OTP_CLUSTER_GOSSIP_SOCKET', `cannot join the multicast group ${address}:${port} on ${where}: ${why}`, {
      cause: error,
    })
  }
  socket.on('message', (bytes) => listener.heard(bytes))
  socket.on('error', (error) => listener.failed(error))
  return {
    send: (bytes) =>
      new Promise((resolve, reject) => {
        socket.send(bytes, port, address, (error) => (error === null ? resolve() : reject(error)))
      }),
    stay() {
      try {
        socket.addMembership(address, own)
      } catch (error) {
        // It is a member: the usual case.
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') listener.failed(error as Error)
      }
    },
    close: () => new Promise((resolve) => void socket.close(() => resolve())),
  }
}
