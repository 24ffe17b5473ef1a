// TLS 1.3 over a connected socket, for both sides: each shows its certificate, and each asks for the other's.
import type { Socket } from 'node:net'
import { checkServerIdentity, connect, createServer, type Server, type TLSSocket } from 'node:tls'
import { formatAddress } from '../address.ts'
import type { TlsCredentials, TlsMaterial } from '../tls.ts'
import type { Refusal } from './wire.ts'

/** Ties what is proven above TLS to this one session (RFC 9266): whoever sits between two sessions sees two of them. */
const BINDING_LABEL = 'EXPORTER-Channel-Binding'
const BINDING_BYTES = 32

/** A session whose other side has a certificate of the authority. */
type Opened = (socket: TLSSocket, channelBinding: Uint8Array) => void

export class TlsChannel {
  readonly #credentials: TlsCredentials
  readonly #server: Server
  /** The certificates that the server shows now. */
  #shown: TlsMaterial
  /** Sockets in a handshake, by the address of the other side: what the server tells of them does not name the socket. */
  readonly #accepting = new Map<string, { opened: (socket: TLSSocket) => void; failed: (error: NodeJS.ErrnoException) => void }>()

  constructor(credentials: TlsCredentials) {
    this.#credentials = credentials
    this.#shown = credentials.material
    const { cert, key, ca } = this.#shown
    // Not rejected before it is looked at: why it is turned away could not be told any more. `whyNotPeer` decides.
    this.#server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.3' })
    this.#server.on('secureConnection', (socket) => this.#accepting.get(remoteOf(socket))?.opened(socket))
    this.#server.on('tlsClientError', (error, socket) => this.#accepting.get(remoteOf(socket))?.failed(error))
  }

  /** Takes the server's part on a socket that was accepted; exactly one of the two is called, unless the socket is destroyed here. */
  accept(socket: Socket, opened: Opened, failed: (refusal?: Refusal) => void): void {
    const remote = remoteOf(socket)
    const settle = (end: () => void) => {
      if (this.#accepting.delete(remote)) end()
    }
    this.#refresh()
    const { peerName } = this.#shown
    this.#accepting.set(remote, {
      opened: (secure) => settle(() => finish(secure, peerName, opened, (detail) => failed({ reason: 'tls', detail }))),
      failed: (error) => settle(() => failed({ reason: 'tls', detail: inWords(error) })),
    })
    // A probe that says nothing is nobody's business.
    socket.once('close', () => {
      settle(() =>
        failed(socket.bytesRead === 0 ? undefined : { reason: 'tls', detail: 'the connection ended during the handshake of TLS' }),
      )
    })
    this.#server.emit('connection', socket)
  }

  /** Takes the client's part on a socket that is connected. `failed` says why in words. */
  connect(socket: Socket, opened: Opened, failed: (detail: string) => void): void {
    const { context, peerName } = this.#credentials.material
    // The name is checked below, on both sides alike; the certificate itself is checked here, always.
    const secure = connect({ socket, secureContext: context, rejectUnauthorized: true, checkServerIdentity: () => undefined })
    const onError = (error: NodeJS.ErrnoException) => failed(inWords(error))
    const onClose = () => failed('the connection ended during the handshake of TLS')
    secure.on('error', () => undefined)
    secure.once('error', onError)
    secure.once('close', onClose)
    secure.once('secureConnect', () => {
      secure.off('error', onError)
      secure.off('close', onClose)
      finish(secure, peerName, opened, failed)
    })
  }

  #refresh(): void {
    const { material } = this.#credentials
    if (material === this.#shown) return
    this.#shown = material
    const { cert, key, ca } = material
    this.#server.setSecureContext({ cert, key, ca, minVersion: 'TLSv1.3' })
  }
}

function finish(socket: TLSSocket, peerName: string | undefined, opened: Opened, failed: (detail: string) => void): void {
  const refusal = whyNotPeer(socket, peerName)
  if (refusal === undefined) {
    opened(socket, socket.exportKeyingMaterial(BINDING_BYTES, BINDING_LABEL, Buffer.alloc(0)))
  } else {
    socket.on('error', () => undefined)
    failed(refusal)
  }
}

/** Why the other side is no peer, whatever it may prove besides. */
function whyNotPeer(socket: TLSSocket, peerName: string | undefined): string | undefined {
  if (!socket.authorized) return `its certificate was not accepted: ${String(socket.authorizationError)}`
  if (peerName === undefined) return undefined
  return checkServerIdentity(peerName, socket.getPeerCertificate())?.message
}

function remoteOf({ remoteAddress, remotePort }: Socket): string {
  return formatAddress({ host: remoteAddress ?? '?', port: remotePort ?? 0 })
}

/** OpenSSL's own text names files of its source. */
function inWords(error: NodeJS.ErrnoException): string {
  if (error.code === 'ERR_SSL_WRONG_VERSION_NUMBER') return 'it does not speak TLS'
  return error.code ?? error.message
}
