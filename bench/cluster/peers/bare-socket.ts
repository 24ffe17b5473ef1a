// A bare socket with the same codec: length-prefixed MessagePack, batched per turn, answered by number. No processes, no deadlines, no checks.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Packr, Unpackr } from 'msgpackr/pack'
import type { Figures } from '#bench/support/bench.ts'
import { perSecond, runMeasure } from '#bench/support/program.ts'

const IN_SEQUENCE = 20_000
const AT_ONCE = 100_000
const CALLERS = 100

const packr = new Packr({ useRecords: false })
const unpackr = new Unpackr({ useRecords: false })

/** Frames of one turn leave as one buffer. */
class Peer {
  readonly #socket: Socket
  readonly #onFrame: (frame: unknown[]) => void
  #out: Buffer[] = []
  #held: Buffer = Buffer.alloc(0)

  constructor(socket: Socket, onFrame: (frame: unknown[]) => void) {
    this.#socket = socket
    this.#onFrame = onFrame
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
  }

  send(frame: unknown[]): void {
    const body = packr.pack(frame)
    const head = Buffer.allocUnsafe(4)
    head.writeUInt32BE(body.length)
    if (this.#out.length === 0) process.nextTick(() => this.#flush())
    this.#out.push(head, body)
  }

  #flush(): void {
    this.#socket.write(Buffer.concat(this.#out))
    this.#out = []
  }

  #read(chunk: Buffer): void {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    let at = 0
    while (bytes.length - at >= 4) {
      const end = at + 4 + bytes.readUInt32BE(at)
      if (end > bytes.length) break
      this.#onFrame(unpackr.unpack(bytes, { start: at + 4, end }) as unknown[])
      at = end
    }
    this.#held = bytes.subarray(at)
  }
}

function answer(): void {
  let count = 0
  const server = createServer({ noDelay: true }, (socket) => {
    const peer: Peer = new Peer(socket, ([, id, , , by]) => {
      count += by as number
      peer.send(['reply', id, count])
    })
  })
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
  process.on('disconnect', () => process.exit(0))
}

async function rates(): Promise<Figures> {
  const child = fork(fileURLToPath(import.meta.url), ['answer'])
  const [port] = (await once(child, 'message')) as [number]
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  const waiting = new Map<number, (count: number) => void>()
  const peer = new Peer(socket, ([, id, count]) => {
    const resolve = waiting.get(id as number)
    waiting.delete(id as number)
    resolve?.(count as number)
  })
  let last = 0
  const call = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const id = ++last
      const answered = new Promise<number>((resolve) => waiting.set(id, resolve))
      peer.send(['call', id, 7, 'add', 1])
      await answered
    }
  }
  const run = (callers: number, count: number) =>
    perSecond(count, {
      prepare: () => undefined,
      run: () => Promise.all(Array.from({ length: callers }, () => call(count / callers))),
    })
  return { sequence: await run(1, IN_SEQUENCE), atOnce: await run(CALLERS, AT_ONCE) }
}

if (process.argv[2] === 'answer') answer()
else await runMeasure({ tcp: rates })
