// Links over TLS: who is let in, who is not and what is told of it, and certificates that change.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { inspect } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import type { NodeId } from '#process'
import { type TlsOptions, tlsFromFiles } from '#src/cluster/tls.ts'
import { TcpTransport, type TcpTransportOptions } from '#src/cluster/transport/tcp.ts'
import { Authority } from '#test/support/certificates.ts'
import { TransportRecorder } from '#test/support/transport-recorder.ts'

const authority = new Authority()
const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function open(id: NodeId, tls: TcpTransportOptions['tls'], options: Partial<TcpTransportOptions> = {}) {
  const at = new TransportRecorder()
  const node = new TcpTransport({ id, cluster: 'test', secret: 'the secret of this test', tls, ...options })
  closing.push(() => node.close())
  await node.listen(at)
  return { node, at }
}

const portOf = (node: TcpTransport): number => Number(node.address.split(':')[1])

/** Dials, and answers how it ended and what the other side was told, once it was told something. */
async function meeting(dialler: TcpTransportOptions['tls'], acceptor: TcpTransportOptions['tls']) {
  const a = await open('a.1', dialler)
  const b = await open('b.1', acceptor)
  const failure = await a.node.dial(b.node.address)
  await b.at.until(({ told }) => told.length > 0)
  expect(a.at.told).toEqual([])
  expect(b.at.told).toHaveLength(1)
  return { failure, told: b.at.told[0], detail: b.at.details[0] }
}

describe('with certificates of one authority', () => {
  test('two nodes link, over TLS 1.3 only', async () => {
    const a = await open('a.1', authority.issue())
    const b = await open('b.1', authority.issue())
    expect(await a.node.dial(b.node.address)).toBeUndefined()
    await b.at.heard('up a.1')
    const old = connectTls({ ...authority.issue(), port: portOf(b.node), maxVersion: 'TLSv1.2', rejectUnauthorized: false })
    await new Promise((resolve) => old.once('error', resolve))
    await b.at.heard('handshake refused tls')
  })

  test('the secret is needed all the same', async () => {
    const a = await open('a.1', authority.issue(), { secret: 'another secret, long enough' })
    const b = await open('b.1', authority.issue())
    expect(await a.node.dial(b.node.address)).toMatchObject({ kind: 'handshake', detail: 'secret: refused by the other side: secret' })
    expect(b.at.told).toEqual(['handshake refused secret'])
  })

  test('somebody in the middle who has a certificate, too, gets nowhere: the proof is bound to the session', async () => {
    const b = await open('b.1', authority.issue())
    const sockets = new Set<Socket>()
    const relay = createTlsServer({ ...authority.issue(), requestCert: true }, (near) => {
      const far = connectTls({ ...authority.issue(), port: portOf(b.node), checkServerIdentity: () => undefined })
      for (const socket of [near, far]) sockets.add(socket.on('error', () => undefined))
      near.pipe(far).pipe(near)
    })
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
    closing.push(() => {
      for (const socket of sockets) socket.destroy()
      relay.close()
    })
    const a = await open('a.1', authority.issue())
    expect(await a.node.dial(`127.0.0.1:${(relay.address() as AddressInfo).port}`)).toMatchObject({ kind: 'handshake' })
    expect(b.at.told).toEqual(['handshake refused secret'])
    expect(a.at.told).toEqual([])
  })

  test('the key is shown to nobody', async () => {
    const tls = authority.issue()
    const a = await open('a.1', tls)
    expect(inspect(a.node, { showHidden: true, depth: 9 })).not.toContain(tls.key.split('\n')[1])
  })
})

describe('is refused, with one event that says why', () => {
  test('a node without TLS, by one with it', async () => {
    expect(await meeting(undefined, authority.issue())).toMatchObject({
      // Nothing but a closed connection.
      failure: { kind: 'unreachable', detail: 'the connection ended during the handshake: closed' },
      told: 'handshake refused tls',
      detail: 'it does not speak TLS',
    })
  })

  test('a node with TLS, by one without it', async () => {
    expect(await meeting(authority.issue(), undefined)).toMatchObject({
      failure: { kind: 'handshake', detail: expect.stringContaining('tls') },
      told: 'handshake refused tls',
      detail: 'it speaks TLS, and this node was given no certificates',
    })
  })

  test('a dialler whose certificate is of another authority', async () => {
    const stranger = { ...new Authority().issue(), ca: authority.ca }
    expect(await meeting(stranger, authority.issue())).toMatchObject({
      failure: { kind: expect.stringMatching(/handshake|unreachable/) },
      told: 'handshake refused tls',
      detail: expect.stringContaining('its certificate was not accepted'),
    })
  })

  test('an acceptor whose certificate is of another authority', async () => {
    const stranger = { ...new Authority().issue(), ca: authority.ca }
    expect(await meeting(authority.issue(), stranger)).toMatchObject({
      failure: { kind: 'handshake', detail: expect.stringContaining('tls:') },
      told: 'handshake refused tls',
    })
  })

  test('a certificate that has ended', async () => {
    expect(await meeting(authority.issue(['node'], -1), authority.issue())).toMatchObject({
      told: 'handshake refused tls',
      detail: 'its certificate was not accepted: CERT_HAS_EXPIRED',
    })
  })

  test('a certificate without the name that all nodes have, by either side', async () => {
    const named = { ...authority.issue(['otp-labs.internal']), peerName: 'otp-labs.internal' }
    const other = authority.issue(['another-service'])
    expect(await meeting(other, named)).toMatchObject({ told: 'handshake refused tls', detail: expect.stringContaining('another-service') })
    expect(await meeting(named, other)).toMatchObject({
      failure: { kind: 'handshake', detail: expect.stringContaining('another-service') },
      told: 'handshake refused tls',
    })
  })

  test('somebody who shows no certificate', async () => {
    const b = await open('b.1', authority.issue())
    const socket = connectTls({ ca: authority.ca, port: portOf(b.node), checkServerIdentity: () => undefined })
    socket.on('error', () => undefined)
    await b.at.heard('handshake refused tls')
    socket.destroy()
    expect(b.at.details).toEqual(['its certificate was not accepted: UNABLE_TO_GET_ISSUER_CERT'])
  })

  test('somebody who never gets to the end of the handshake of TLS', async () => {
    const b = await open('b.1', authority.issue(), { handshakeMs: 50 })
    const socket = connect({ port: portOf(b.node), host: '127.0.0.1' })
    socket.write('\x16\x03\x01')
    await new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve))
    // Its end is no second refusal.
    await b.node.close()
    expect(b.at.told).toEqual(['handshake refused timeout'])
  })

  test('but not somebody who only looks whether there is a node', async () => {
    const b = await open('b.1', authority.issue())
    const socket = connect({ port: portOf(b.node), host: '127.0.0.1' })
    socket.end()
    await new Promise((resolve) => socket.once('close', resolve))
    const a = await open('a.1', authority.issue())
    await a.node.dial(b.node.address)
    await b.at.heard('up a.1')
    expect(b.at.told).toEqual(['up a.1'])
  })
})

test('a dial gives up on a server that never answers in TLS', async () => {
  const server = createServer((socket) => closing.push(() => socket.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => server.close())
  const a = await open('a.1', authority.issue(), { handshakeMs: 50 })
  expect(await a.node.dial(`127.0.0.1:${(server.address() as AddressInfo).port}`)).toMatchObject({ kind: 'timeout' })
})

describe('certificates that are rotated', () => {
  test('hold for new connections, while links go on', async () => {
    let tls: TlsOptions = authority.issue()
    const b = await open('b.1', () => tls)
    const a = await open('a.1', authority.issue())
    expect(await a.node.dial(b.node.address)).toBeUndefined()
    const next = new Authority('the next authority')
    tls = next.issue()
    const c = await open('c.1', next.issue())
    expect(await c.node.dial(b.node.address)).toBeUndefined()
    const d = await open('d.1', authority.issue())
    expect(await d.node.dial(b.node.address)).toMatchObject({ kind: 'handshake' })
    await b.at.heard('handshake refused tls')
    expect([...b.at.live.keys()]).toEqual(['a.1', 'c.1'])
  })

  test('hold for dials, too', async () => {
    let tls: TlsOptions = authority.issue()
    const a = await open('a.1', () => tls)
    const next = new Authority('the next authority')
    const b = await open('b.1', next.issue())
    expect(await a.node.dial(b.node.address)).toMatchObject({ kind: 'handshake' })
    tls = next.issue()
    expect(await a.node.dial(b.node.address)).toBeUndefined()
  })

  test('are read from their files anew; those that cannot be used are told once, and the last good ones hold', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'otp-tls-'))
    closing.push(() => rmSync(folder, { recursive: true }))
    const [certFile, keyFile, caFile] = ['cert.pem', 'key.pem', 'ca.pem'].map((file) => join(folder, file)) as [string, string, string]
    const write = ({ cert, key, ca }: { cert: string; key: string; ca: string }): void => {
      for (const [file, text] of [
        [certFile, cert],
        [keyFile, key],
        [caFile, ca],
      ] as const)
        writeFileSync(file, text)
    }
    write(authority.issue())
    const a = await open('a.1', tlsFromFiles({ certFile, keyFile, caFile }))
    write({ ...authority.issue(), key: authority.issue().key })
    for (const id of ['b.1', 'c.1']) {
      const other = await open(id, authority.issue())
      expect(await other.node.dial(a.node.address)).toBeUndefined()
    }
    expect(a.at.told).toEqual(['certificates refused', 'up b.1', 'up c.1'])
    rmSync(caFile)
    const d = await open('d.1', authority.issue())
    expect(await d.node.dial(a.node.address)).toBeUndefined()
    expect(a.at.details).toEqual([expect.stringContaining('mismatch'), expect.stringContaining('ENOENT')])
  })
})

const good = authority.issue()
test.each<readonly [string, TlsOptions]>([
  ['a certificate that is none', { ...good, cert: 'certificate' }],
  ['a key that is none', { ...good, key: 'key' }],
  ['the key of another certificate', { ...good, key: authority.issue().key }],
  ['an authority that is none', { ...good, ca: 'nobody' }],
])('a node does not listen with %s', async (_name, tls) => {
  await expect(open('a.1', tls)).rejects.toMatchObject({ code: 'ERR_OTP_CLUSTER_TLS' })
})
