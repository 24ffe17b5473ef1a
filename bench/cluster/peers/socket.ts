// A bare socket: what a round trip between two OS processes costs in Node at least. The codec, its limits and the batching are those of our
// links; there is no pid, no mailbox, no deadline and no handshake. Run as a program it is the side that answers.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { perSecond } from '#bench/support/program.ts'
import { FrameDecoder, FrameEncoder } from '#src/cluster/frame.ts'

/** Answers a function that sends a frame; all frames of one turn are one write. */
function framed(socket: Socket, onFrame: (frame: readonly unknown[]) => void): (frame: readonly [string, ...unknown[]]) => void {
  const encoder = new FrameEncoder()
  const decoder = new FrameDecoder()
  let isDue = false
  const flush = () => {
    isDue = false
    const batch = encoder.take()
    if (batch !== undefined) socket.write(batch)
  }
  socket.on('data', (chunk: Buffer) => decoder.push(chunk, onFrame))
  return (frame) => {
    encoder.add(frame)
    if (isDue) return
    isDue = true
    process.nextTick(flush)
  }
}

/** Counts, as the process does that ours calls. */
async function serve(): Promise<void> {
  let count = 0
  const server = createServer({ noDelay: true }, (socket) => {
    const send = framed(socket, ([, id, by]) => {
      count += by as number
      send(['reply', id, count])
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.send?.((server.address() as AddressInfo).port)
  process.on('disconnect', () => process.exit(0))
}

/** Round trips over a bare socket to another OS process. */
export interface BareSocket {
  /** How many a second, of so many callers at once. */
  rate(count: number, callers: number): Promise<number>
}

/** Runs `play` with a socket to a program that answers, and ends that program. */
export async function withBareSocket<T>(play: (socket: BareSocket) => Promise<T>): Promise<T> {
  const other: ChildProcess = fork(fileURLToPath(import.meta.url))
  try {
    const [port] = (await once(other, 'message')) as [number]
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return await play(callsOver(socket))
  } finally {
    other.disconnect()
  }
}

function callsOver(socket: Socket): BareSocket {
  const waiting = new Map<unknown, (count: unknown) => void>()
  let lastId = 0
  const send = framed(socket, ([, id, count]) => {
    waiting.get(id)?.(count)
    waiting.delete(id)
  })
  const call = (by: number) =>
    new Promise((resolve) => {
      const id = ++lastId
      waiting.set(id, resolve)
      send(['call', id, by])
    })
  const calls = async (count: number) => {
    for (let i = 0; i < count; i++) await call(1)
  }
  return {
    rate: (count, callers) =>
      perSecond(count, {
        prepare: () => undefined,
        run: () => Promise.all(Array.from({ length: callers }, () => calls(count / callers))),
      }),
  }
}

if (import.meta.main) await serve()
