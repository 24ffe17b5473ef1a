// The transport of real clusters: links over TCP sockets.
import { connect, createServer, type Server, type Socket } from 'node:net'
import { type Clock, CodedError, type Random, systemClock, systemRandom } from '#base'
import type { NodeId } from '#process'
import { formatAddress, type HostPort, parseAddress } from '../address.ts'
import { MAX_FRAME_BYTES } from '../frame.ts'
import { clusterKey } from '../handshake.ts'
import { checkClusterName } from '../handshake-message.ts'
import { PeerLinks, type PeerLinksOptions } from './peer-links.ts'
import { SocketWire } from './socket-wire.ts'
import type { DialFailure, Transport, TransportListener } from './transport.ts'
import type { OpenWire, WireFailure } from './wire.ts'

export interface TcpTransportOptions {
  readonly id: NodeId
  /** Nodes of other clusters are turned away, whatever they know. */
  readonly cluster: string
  /** At least 16 bytes, the same on every node; never sent and never logged. */
  readonly secret: string | Uint8Array
  /** Where to listen. Default `127.0.0.1` and a free port. */
  readonly host?: string
  readonly port?: number
  /** What peers dial instead of `host`: needed where that is every address of the machine (`0.0.0.0`, `::`). */
  readonly advertisedHost?: string
  /** Default 16 MiB; must be the same on every node. */
  readonly maxFrameBytes?: number
  /** Bytes that may wait for a peer that does not read. Default 64 MiB. */
  readonly maxBufferedBytes?: number
  /** From dialling or accepting to the link. Default 5 s. */
  readonly handshakeMs?: number
  /** Strangers in a handshake at once. Default 64. */
  readonly maxStrangers?: number
  readonly clock?: Clock
  readonly random?: Random
}

const MAX_BUFFERED_BYTES = 64 * 1024 * 1024
const HANDSHAKE_MS = 5000
const MAX_STRANGERS = 64
/** An idle link is probed by the kernel from here on, so that connections to hosts that vanished do not stay for ever. */
const KEEP_ALIVE_MS = 10_000

export class TcpTransport implements Transport {
  readonly #options: TcpTransportOptions
  readonly #linkOptions: PeerLinksOptions
  readonly #host: string
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #links: PeerLinks | undefined
  #address: string | undefined

  constructor(options: TcpTransportOptions) {
    this.#host = options.host ?? '127.0.0.1'
    if (options.advertisedHost === undefined && (this.#host === '0.0.0.0' || this.#host === '::')) {
      throw new CodedError(
        'ERR_OTP_CLUSTER_NO_ADDRESS',
        `listening on ${this.#host} means every address of this machine; say under which one peers reach it: advertisedHost`,
      )
    }
    checkClusterName(options.cluster)
    this.#linkOptions = {
      id: options.id,
      cluster: options.cluster,
      key: clusterKey(options.secret),
      clock: options.clock ?? systemClock,
      random: options.random ?? systemRandom,
      maxFrameBytes: options.maxFrameBytes ?? MAX_FRAME_BYTES,
      maxBufferedBytes: options.maxBufferedBytes ?? MAX_BUFFERED_BYTES,
      handshakeMs: options.handshakeMs ?? HANDSHAKE_MS,
      maxStrangers: options.maxStrangers ?? MAX_STRANGERS,
    }
    // The secret itself is not kept: an object that holds it gets logged one day.
    this.#options = { ...options, secret: '' }
  }

  get address(): string {
    if (this.#address !== undefined) return this.#address
    throw new CodedError('ERR_OTP_CLUSTER_LISTEN', 'the address is known when listen() has resolved')
  }

  async listen(listener: TransportListener): Promise<void> {
    const links = new PeerLinks(this.#linkOptions, () => this.address, listener)
    const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, (socket) => {
      links.accept(this.#wire(socket, formatAddress({ host: socket.remoteAddress ?? '?', port: socket.remotePort ?? 0 })))
    })
    const port = await this.#bind(server)
    this.#address = formatAddress({ host: this.#options.advertisedHost ?? this.#host, port })
    // Such as EMFILE while accepting: the stranger was turned away, those who are linked are not harmed.
    server.on('error', (error) => listener.handshakeRefused('limit', '?', error.message))
    this.#server = server
    this.#links = links
  }

  #bind(server: Server): Promise<number> {
    const port = this.#options.port ?? 0
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, formatAddress({ host: this.#host, port }))))
    server.listen({ host: this.#host, port }, () => {
      server.removeAllListeners('error')
      const bound = server.address()
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port)
    })
    return promise
  }

  async dial(address: string): Promise<DialFailure | undefined> {
    const links = this.#links
    if (links === undefined) return { kind: 'unreachable', detail: 'this node does not listen' }
    const to = parseAddress(address)
    if (to === undefined)
      return { kind: 'unreachable', detail: `expected an address such as 10.0.0.7:4369, got ${JSON.stringify(address)}` }
    const open: OpenWire = (connected, failed) => {
      const to = parseAddress(address) as HostPort
      const socket = connect({ ...to, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS })
      const onError = (error: Error) => failed(connectFailure(error))
      socket.once('error', onError)
      socket.once('connect', () => {
        socket.off('error', onError)
        connected(this.#wire(socket, address))
      })
      return () => {
        socket.off('error', onError)
        socket.on('error', () => {})
        socket.destroy()
      }
    }
    return links.dial(address, open)
  }

  #wire(socket: Socket, remote: string): SocketWire {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    return new SocketWire(socket, remote, this.#linkOptions.clock)
  }

  async close(): Promise<void> {
    this.#links?.close()
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    const { promise, resolve } = Promise.withResolvers<void>()
    server.close(() => resolve())
    const ended = [...this.#sockets].map((socket) => new Promise<void>((done) => socket.once('close', () => done())))
    await Promise.all([promise, ...ended])
  }
}

function listenError(error: NodeJS.ErrnoException, address: string): CodedError {
  const advice = {
    EADDRINUSE: 'something listens there already; stop it, or choose another port (0: any free one)',
    EACCES: 'this user may not listen there; choose a port from 1024 up',
    EADDRNOTAVAIL: 'this machine has no such address; listen on one of its own',
  }[error.code ?? '']
  return new CodedError('ERR_OTP_CLUSTER_LISTEN', `cannot listen on ${address}: ${advice ?? error.message}`, { cause: error })
}

/** A name may stand for several addresses: it is refused only if every one of them is. */
function connectFailure(error: Error): WireFailure {
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error]
  const codes = errors.map((each) => (each as NodeJS.ErrnoException).code)
  if (codes.length > 0 && codes.every((code) => code === 'ECONNREFUSED')) return { kind: 'refused', detail: 'nobody listens there' }
  if (codes.includes('ETIMEDOUT')) return { kind: 'timeout', detail: 'no answer' }
  return { kind: 'unreachable', detail: codes.join(', ') || error.message }
}
