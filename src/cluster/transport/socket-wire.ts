// A wire over one socket, of TCP or of TLS.
import type { Socket } from 'node:net'
import type { Clock } from '#base'
import type { Wire, WireListener } from './wire.ts'

/** How long an ended wire may take to send its last bytes to a peer that reads slowly. */
const LINGER_MS = 1000

/** As much as Node reads at once from a socket that allocates for each read. */
const READ_BYTES = 64 * 1024

const REASONS: Readonly<Record<string, string>> = { ECONNRESET: 'reset', EPIPE: 'reset', ETIMEDOUT: 'timeout' }

/**
 * For a socket that this side opens (`onread` of `net.connect`): everything is read into one buffer. A socket without it allocates 64 KiB
 * for each read, however little comes, and passes it through a stream.
 */
export class DirectReads {
  readonly buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  onBytes: (chunk: Buffer) => void = () => undefined

  readonly callback = (size: number): boolean => {
    this.onBytes(this.buffer.subarray(0, size))
    return true
  }
}

interface SocketWireOptions {
  /** What the socket was opened with; nothing for one that was accepted, or is encrypted. */
  readonly reads?: DirectReads | undefined
  readonly channelBinding?: Uint8Array
}

export class SocketWire implements Wire {
  readonly remote: string
  readonly channelBinding: Uint8Array | undefined
  readonly #socket: Socket
  readonly #clock: Clock
  #listener: WireListener | undefined
  #reason = 'closed'

  constructor(socket: Socket, remote: string, clock: Clock, { reads, channelBinding }: SocketWireOptions = {}) {
    this.remote = remote
    this.channelBinding = channelBinding
    this.#socket = socket
    this.#clock = clock
    const onBytes = (chunk: Buffer) => this.#listener?.bytes(chunk)
    if (reads === undefined) socket.on('data', onBytes)
    else reads.onBytes = onBytes
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#reason = REASONS[error.code ?? ''] ?? error.code ?? error.message
    })
    // A peer that has ended reads no more: nothing is left to wait for.
    socket.on('end', () => this.#ended())
    socket.on('close', () => this.#ended())
  }

  get buffered(): number {
    return this.#socket.writableLength
  }

  listen(listener: WireListener): void {
    this.#listener = listener
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#listener = undefined
    this.#socket.end()
    const linger = this.#clock.after(LINGER_MS, () => this.#socket.destroy())
    this.#socket.once('close', () => linger.cancel())
  }

  destroy(): void {
    this.#listener = undefined
    this.#socket.destroy()
  }

  #ended(): void {
    const listener = this.#listener
    this.#listener = undefined
    this.#socket.destroySoon()
    listener?.ended(this.#reason)
  }
}
