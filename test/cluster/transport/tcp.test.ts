// Links over TCP: the contract, with and without TLS, and what only sockets can do wrong.
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import type { NodeId } from '#process'
import { encodeMessage, KIND } from '#src/cluster/handshake-message.ts'
import { TcpTransport, type TcpTransportOptions } from '#src/cluster/transport/tcp.ts'
import { type TransportFixture, transportContract } from '#test/contract/transport.ts'
import { Authority } from '#test/support/certificates.ts'
import { TransportRecorder } from '#test/support/transport-recorder.ts'

const SECRET = 'the secret of this test'

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

function transport(id: NodeId, options: Partial<TcpTransportOptions> = {}): TcpTransport {
  return new TcpTransport({ id, cluster: 'test', secret: SECRET, ...options })
}

async function open(id: NodeId, options: Partial<TcpTransportOptions> = {}): Promise<[TcpTransport, TransportRecorder]> {
  const recorder = new TransportRecorder()
  const tcp = transport(id, options)
  closing.push(() => tcp.close())
  await tcp.listen(recorder)
  return [tcp, recorder]
}

/** A server that is no node of ours. */
async function stranger(onSocket: (socket: Socket) => void): Promise<[Server, address: string]> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return [server, `127.0.0.1:${(server.address() as AddressInfo).port}`]
}

/** A socket to a node, by somebody who is none; answers what it was told until it was turned away. */
function knock(tcp: TcpTransport, ...chunks: readonly (Buffer | string)[]): { socket: Socket; ended: Promise<Buffer> } {
  const port = Number(tcp.address.split(':')[1])
  const socket = connect({ host: '127.0.0.1', port })
  closing.push(() => socket.destroy())
  const heard: Buffer[] = []
  socket.on('data', (chunk) => heard.push(chunk))
  socket.on('error', () => {})
  for (const chunk of chunks) socket.write(chunk)
  return { socket, ended: new Promise((resolve) => socket.once('close', () => resolve(Buffer.concat(heard)))) }
}

const fixture = (common: Partial<TcpTransportOptions>) => async (): Promise<TransportFixture> => ({
  transport: (id, { address, ...settings } = {}) =>
    transport(id, { ...common, ...settings, ...(address === undefined ? {} : { port: Number(address.split(':')[1]) }) }),
  during: (promise) => promise,
  close: async () => {},
  freeAddress: async () => {
    const [server, address] = await stranger(() => {})
    await new Promise((resolve) => server.close(resolve))
    return address
  },
  silentAddress: async () => (await stranger(() => {}))[1],
})

transportContract('tcp', fixture({}))
transportContract('tcp with tls', fixture({ tls: new Authority().issue() }))

describe('a node that listens', () => {
  test('may listen again where another one has just closed', async () => {
    const [first] = await open('a.1')
    const { address } = first
    await first.close()
    const [second] = await open('a.2', { port: Number(address.split(':')[1]) })
    expect(second.address).toBe(address)
  })

  test('on every address of the machine must say where peers reach it', async () => {
    expect(() => transport('a.1', { host: '0.0.0.0' })).toThrow(expect.objectContaining({ code: 'ERR_OTP_CLUSTER_NO_ADDRESS' }))
    const [a] = await open('a.1', { host: '0.0.0.0', advertisedHost: 'localhost' })
    const [b, atB] = await open('b.1')
    expect(await b.dial(a.address)).toBeUndefined()
    expect(atB.links[0]?.peerAddress).toMatch(/^localhost:\d+$/)
  })

  test.each(['', 'a b', 'ä', 'x'.repeat(64)])('may not be of a cluster called %j', (cluster) => {
    expect(() => transport('a.1', { cluster })).toThrow(expect.objectContaining({ code: 'ERR_OTP_CLUSTER_BAD_CLUSTER_NAME' }))
  })

  test('shows its secret to nobody', () => {
    expect(inspect(transport('a.1'), { showHidden: true, depth: 9 })).not.toContain(SECRET)
  })
})

describe('a stranger', () => {
  test('that speaks another protocol is turned away without an answer', async () => {
    const [a, atA] = await open('a.1')
    expect(await knock(a, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n').ended).toHaveLength(0)
    expect(atA.told).toEqual(['handshake refused garbage'])
  })

  test('that says nothing is turned away after the time limit', async () => {
    const [a, atA] = await open('a.1', { handshakeMs: 50 })
    await knock(a).ended
    expect(atA.told).toEqual(['handshake refused timeout'])
  })

  test('that says one byte after another is turned away after the time limit', async () => {
    const [a, atA] = await open('a.1', { handshakeMs: 50 })
    const { socket, ended } = knock(a)
    for (const byte of Buffer.from('OTPL')) socket.write(Buffer.of(byte))
    await ended
    expect(atA.told).toEqual(['handshake refused timeout'])
  })

  test('that says too much is turned away', async () => {
    const [a, atA] = await open('a.1')
    await knock(a, encodeMessage(KIND.hello, Buffer.alloc(60_000))).ended
    expect(atA.told).toEqual(['handshake refused limit'])
  })

  test('that only looks whether somebody is there is no event', async () => {
    const [a, atA] = await open('a.1')
    const { socket, ended } = knock(a)
    socket.end()
    await ended
    expect(atA.told).toEqual([])
  })

  test('is one of 16 of its host at most', async () => {
    const [a, atA] = await open('a.1', { maxStrangersPerHost: 2 })
    const knocks = [knock(a), knock(a), knock(a)]
    await atA.heard('handshake refused limit')
    expect(atA.details).toEqual(['2 strangers of 127.0.0.1 are in a handshake already'])
    for (const { socket } of knocks) socket.destroy()
  })

  test('is one of 64 at most, and those who are linked do not count', async () => {
    const [a, atA] = await open('a.1', { maxStrangers: 3 })
    const [b] = await open('b.1')
    expect(await b.dial(a.address)).toBeUndefined()
    const knocks = Array.from({ length: 4 }, () => knock(a))
    await atA.heard('handshake refused limit')
    await Promise.race(knocks.map(({ ended }) => ended))
    for (const { socket } of knocks) socket.destroy()
    const [c] = await open('c.1')
    await Promise.all(knocks.map(({ ended }) => ended))
    // The places are free again as soon as the node has heard that the strangers left.
    while ((await c.dial(a.address)) !== undefined);
    expect([...atA.live.keys()]).toEqual(['b.1', 'c.1'])
  })
})

describe('a dial', () => {
  test('that is reset during the handshake is not refused', async () => {
    const [, address] = await stranger((socket) => socket.once('data', () => socket.resetAndDestroy()))
    const [a] = await open('a.1')
    expect(await a.dial(address)).toMatchObject({ kind: 'unreachable', detail: expect.stringContaining('during the handshake') })
  })

  test('to a server of another kind ends as handshake', async () => {
    const [, address] = await stranger((socket) => socket.end('220 smtp.example.org ESMTP\r\n'))
    const [a] = await open('a.1')
    expect(await a.dial(address)).toMatchObject({ kind: 'handshake', detail: expect.stringContaining('garbage') })
  })

  test('to a name that nobody knows is unreachable', async () => {
    const [a] = await open('a.1')
    expect(await a.dial('no-such-host.invalid:4369')).toMatchObject({ kind: 'unreachable' })
  })

  test.each(['', 'host', 'host:', 'host:0', 'host:70000', 'a b:1', '::1:4369'])(
    'to %j, which is no address, is unreachable',
    async (address) => {
      const [a] = await open('a.1')
      expect(await a.dial(address)).toMatchObject({ kind: 'unreachable', detail: expect.stringContaining('expected an address') })
    },
  )

  test('to this node by another name ends as self', async () => {
    const [a, atA] = await open('a.1')
    expect(await a.dial(a.address.replace('127.0.0.1', 'localhost'))).toMatchObject({ kind: 'self' })
    expect(atA.told).toEqual([])
  })

  test('to a peer by another name ends as duplicate, and the link stays', async () => {
    const [a, atA] = await open('a.1')
    const [b, atB] = await open('b.1')
    expect(await a.dial(b.address)).toBeUndefined()
    expect(await a.dial(b.address.replace('127.0.0.1', 'localhost'))).toMatchObject({ kind: 'duplicate' })
    expect(await b.dial(a.address.replace('127.0.0.1', 'localhost'))).toMatchObject({ kind: 'duplicate' })
    expect([atA.told, atB.told]).toEqual([['up b.1'], ['up a.1']])
  })

  test('under way when the node stops ends as unreachable', async () => {
    const [, address] = await stranger(() => {})
    const [a] = await open('a.1')
    const dial = a.dial(address)
    await a.close()
    expect(await dial).toMatchObject({ kind: 'unreachable', detail: expect.stringContaining('stopping') })
  })
})

describe('a link', () => {
  test('to a peer that reads nothing is closed as overloaded over many turns', async () => {
    const [a, atA] = await open('a.1', { maxBufferedBytes: 2_000_000 })
    const [b, atB] = await open('b.1')
    await a.dial(b.address)
    await atB.heard('up a.1')
    // The peer's event loop stands still: frames are sent from turn to turn while nobody reads.
    const held = atB.links[0]
    const frame = ['n', Buffer.alloc(500_000)] as const
    let turns = 0
    while (atA.live.size > 0 && turns++ < 1000) {
      for (let index = 0; index < 5; index++) atA.links[0]?.send(frame)
      // nextTick alone: sockets get no turn.
      await Promise.resolve()
      await new Promise<void>((resolve) => process.nextTick(resolve))
    }
    expect(atA.told.at(-1)).toBe('closed b.1 overloaded')
    expect(held?.counts.messagesIn).toBe(0)
  })

  test('of many linked nodes carries what each says', async () => {
    const nodes = await Promise.all(Array.from({ length: 6 }, (_, index) => open(`n${index}.1`)))
    await Promise.all(nodes.flatMap(([from]) => nodes.map(([to]) => from.dial(to.address))))
    await Promise.all(nodes.map(([, at]) => at.until(({ live }) => live.size === 5)))
    for (const [, at] of nodes) for (const link of at.live.values()) for (let n = 0; n < 20; n++) link.send(['n', n])
    await Promise.all(nodes.map(([, at]) => at.until(({ frames }) => frames.length === 100)))
    expect(nodes.flatMap(([, at]) => at.told.filter((told) => told.startsWith('closed') || told.startsWith('second')))).toEqual([])
  })
})
