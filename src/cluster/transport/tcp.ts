// The transport of real clusters: links over TCP sockets.
import { connect, createServer, type Server, type Socket } from 'node:net'
import { type Clock, CodedError, type Random, systemClock, systemRandom, type Timer } from '#base'
import type { NodeId } from '#process'
import { formatAddress, parseAddress } from '../address.ts'
import { checkClusterName } from '../handshake-message.ts'
import { type SecretOption, Secrets } from '../secrets.ts'
import { TlsCredentials, type TlsOptions, type TlsSource } from '../tls.ts'
import { type Limits, limitsFrom } from './link-limits.ts'
import { PeerLinks, type PeerLinksOptions } from './peer-links.ts'
import { DirectReads, SocketWire } from './socket-wire.ts'
import { TlsChannel } from './tls-channel.ts'
import type { DialFailure, Transport, TransportListener } from './transport.ts'
import type { Door, OpenWire, Wire, WireFailure } from './wire.ts'

export interface TcpTransportOptions extends Partial<Limits> {
  readonly id: NodeId
  /** Nodes of other clusters are turned away, whatever they know. */
  readonly cluster: string
  readonly secret: SecretOption
  /** With it links are encrypted, and a peer needs a certificate besides the secret; all nodes of a cluster have it, or none. */
  readonly tls?: TlsOptions | TlsSource | undefined
  /** Where to listen. Default `127.0.0.1` and a free port. */
  readonly host?: string
  readonly port?: number
  /** What peers dial instead of `host`: needed where that is every address of the machine (`0.0.0.0`, `::`). */
  readonly advertisedHost?: string
  readonly clock?: Clock
  readonly random?: Random
}

/**
 * A host that answers does so within a round trip. Without an answer the kernel sends again after seconds only, and doubles them: a new dial
 * finds out sooner that the network is back.
 */
const CONNECT_MS = 500
/** An idle link is probed by the kernel from here on, so that connections to hosts that vanished do not stay for ever. */
const KEEP_ALIVE_MS = 10_000
const SOCKET = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }

export class TcpTransport implements Transport {
  readonly #linkOptions: PeerLinksOptions
  readonly #host: string
  readonly #port: number
  readonly #advertisedHost: string
  readonly #tlsSource: TlsSource | undefined
  #listener: TransportListener | undefined
  readonly #sockets = new Set<Socket>()
  #tls: TlsChannel | undefined
  #server: Server | undefined
  #links: PeerLinks | undefined
  #address: string | undefined

  constructor(options: TcpTransportOptions) {
    const { tls } = options
    this.#host = options.host ?? '127.0.0.1'
    this.#port = options.port ?? 0
    this.#advertisedHost = options.advertisedHost ?? this.#host
    this.#tlsSource = typeof tls === 'object' ? () => tls : tls
    if (options.advertisedHost === undefined && (this.#host === '0.0.0.0' || this.#host === '::')) {
      throw new CodedError(
        'ERR_OTP_CLUSTER_NO_ADDRESS',
        `listening on ${this.#host} means every address of this machine; say under which one peers reach it: advertisedHost`,
      )
    }
    checkClusterName(options.cluster)
    // The secret itself is not kept: an object that holds it gets logged one day.
    const secrets = new Secrets(options.secret, (error) => this.#listener?.secretsRefused(error))
    this.#linkOptions = {
      ...limitsFrom(options),
      id: options.id,
      cluster: options.cluster,
      keys: () => secrets.keys,
      clock: options.clock ?? systemClock,
      random: options.random ?? systemRandom,
    }
  }

  get address(): string {
    if (this.#address !== undefined) return this.#address
    throw new CodedError('ERR_OTP_CLUSTER_LISTEN', 'the address is known when listen() has resolved')
  }

  async listen(listener: TransportListener): Promise<void> {
    this.#listener = listener
    const links = new PeerLinks(this.#linkOptions, () => this.address, listener)
    if (this.#tlsSource !== undefined) {
      this.#tls = new TlsChannel(new TlsCredentials(this.#tlsSource, (error) => listener.certificatesRefused(error)))
    }
    const server = createServer(SOCKET, (socket) => links.accept(this.#door(socket)))
    const port = await this.#bind(server)
    this.#address = formatAddress({ host: this.#advertisedHost, port })
    // Such as EMFILE while accepting: the stranger was turned away, those who are linked are not harmed.
    server.on('error', (error) => listener.handshakeRefused('limit', '?', error.message))
    this.#server = server
    this.#links = links
  }

  #bind(server: Server): Promise<number> {
    const [host, port] = [this.#host, this.#port]
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, formatAddress({ host, port }))))
    server.listen({ host, port }, () => {
      server.removeAllListeners('error')
      const bound = server.address()
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port)
    })
    return promise
  }

  #door(socket: Socket): Door {
    const remote = formatAddress({ host: socket.remoteAddress ?? '?', port: socket.remotePort ?? 0 })
    const { clock } = this.#linkOptions
    const tls = this.#tls
    this.#keep(socket)
    return {
      remote,
      open: (opened, failed) => {
        if (tls === undefined) opened(new SocketWire(socket, remote, clock))
        else tls.accept(socket, (secure, channelBinding) => opened(new SocketWire(secure, remote, clock, { channelBinding })), failed)
      },
      close: () => socket.destroy(),
    }
  }

  async dial(address: string): Promise<DialFailure | undefined> {
    const links = this.#links
    if (links === undefined) return { kind: 'unreachable', detail: 'this node does not listen' }
    return links.dial(address, this.#opener(address))
  }

  /** For an address that is one: the links have looked at it before they open a wire. */
  #opener(address: string): OpenWire {
    const { clock } = this.#linkOptions
    const tls = this.#tls
    return (connected, failed) => {
      // The bytes of an encrypted socket are not the transport's to read.
      const reads = tls === undefined ? new DirectReads() : undefined
      const to = parseAddress(address) as ReturnType<typeof parseAddress> & object
      const socket = connect({ ...SOCKET, ...to, ...(reads === undefined ? {} : { onread: reads }) })
      this.#keep(socket)
      const onError = (error: Error) => failed(connectFailure(error))
      // From here on, not from the dial: a name server may take its time.
      let timer: Timer | undefined
      socket.on('connectionAttempt', () => {
        timer ??= clock.after(CONNECT_MS, () => failed({ kind: 'timeout', detail: `no answer within ${CONNECT_MS} ms` }))
      })
      socket.once('close', () => timer?.cancel())
      socket.once('error', onError)
      socket.once('connect', () => {
        timer?.cancel()
        socket.off('error', onError)
        if (tls === undefined) connected(new SocketWire(socket, address, clock, { reads }))
        else this.#secure(tls, socket, address, connected, failed)
      })
      return () => {
        socket.off('error', onError)
        socket.destroy()
      }
    }
  }

  #secure(tls: TlsChannel, socket: Socket, address: string, connected: (wire: Wire) => void, failed: (failure: WireFailure) => void): void {
    const { clock } = this.#linkOptions
    tls.connect(
      socket,
      (secure, channelBinding) => connected(new SocketWire(secure, address, clock, { channelBinding })),
      (detail) => failed({ kind: 'handshake', detail: `tls: ${detail}` }),
    )
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    // What is wrong with it is said by whoever uses it, and its end comes in any case.
    socket.on('error', () => undefined)
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
