// The handshake: who knows the secret becomes a peer, and nobody else, whatever it sends.
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '#base'
import { AcceptorHandshake, clusterKey, DiallerHandshake, type HandshakeSelf, type HandshakeStep } from '#src/cluster/handshake.ts'
import { encodeMessage, HEADER_BYTES, KIND, type Versions, writeHello } from '#src/cluster/handshake-message.ts'
import { testSeed } from '#test/support/seed.ts'

const random = seededRandom(testSeed)
const key = clusterKey('correct horse battery staple')

function self(name: string, changes: Partial<HandshakeSelf> = {}): HandshakeSelf {
  return { id: `${name}.1`, address: `${name}:4369`, cluster: 'auctions', key, nonce: random.bytes(32), ...changes }
}

const pair = (left: Partial<HandshakeSelf> = {}, right: Partial<HandshakeSelf> = {}) =>
  [new DiallerHandshake(self('a', left)), new AcceptorHandshake(self('b', right))] as const

function expectStep<K extends HandshakeStep['kind']>(step: HandshakeStep, kind: K): Extract<HandshakeStep, { kind: K }> {
  expect(step).toMatchObject({ kind })
  return step as Extract<HandshakeStep, { kind: K }>
}

/** Both sides up to the proof; answers what the acceptor makes of it. */
function untilProof(dialler: DiallerHandshake, acceptor: AcceptorHandshake): HandshakeStep {
  expectStep(acceptor.feed(dialler.hello()), 'claimed')
  const step = dialler.feed(acceptor.challenge())
  return step.kind === 'claimed' ? acceptor.feed(dialler.proof()) : step
}

describe('two nodes that know the secret', () => {
  test('prove it to each other, the dialler first, and learn id and address', () => {
    const [dialler, acceptor] = pair()
    expect(expectStep(untilProof(dialler, acceptor), 'proven').peer).toEqual({ id: 'a.1', address: 'a:4369', protocol: 1 })
    const decided = expectStep(dialler.feed(acceptor.decide('welcome')), 'decided')
    expect(decided).toMatchObject({ peer: { id: 'b.1', address: 'b:4369' }, verdict: 'welcome' })
    expect(decided.rest).toHaveLength(0)
  })

  test.each(['duplicate', 'self'] as const)('hear %s from the acceptor as surely as a welcome', (verdict) => {
    const [dialler, acceptor] = pair()
    untilProof(dialler, acceptor)
    expect(expectStep(dialler.feed(acceptor.decide(verdict)), 'decided').verdict).toBe(verdict)
  })

  test('may be fed byte by byte', () => {
    const [dialler, acceptor] = pair()
    const lastOf = (side: DiallerHandshake | AcceptorHandshake, bytes: Buffer) => {
      let last: HandshakeStep = { kind: 'wait' }
      for (const byte of bytes) last = side.feed(Buffer.of(byte))
      return last
    }
    expectStep(lastOf(acceptor, dialler.hello()), 'claimed')
    expectStep(lastOf(dialler, acceptor.challenge()), 'claimed')
    expectStep(lastOf(acceptor, dialler.proof()), 'proven')
    expectStep(lastOf(dialler, acceptor.decide('welcome')), 'decided')
  })

  test('lose nothing of the frames that come right behind the verdict', () => {
    const [dialler, acceptor] = pair()
    untilProof(dialler, acceptor)
    const frames = random.bytes(100_000)
    expect(expectStep(dialler.feed(Buffer.concat([acceptor.decide('welcome'), frames])), 'decided').rest).toEqual(frames)
  })
})

describe('while the secret is changed', () => {
  const next = clusterKey('the next secret, long enough')

  test.each([
    ['the old', { key, accepted: [next] }],
    ['the next', { key: next, accepted: [key] }],
  ])('a dialler that proves itself with %s is welcome where both are taken, and is answered with the same', (_which, dialling) => {
    for (const accepting of [
      { key, accepted: [next] },
      { key: next, accepted: [key] },
    ]) {
      const [dialler, acceptor] = pair(dialling, accepting)
      expectStep(untilProof(dialler, acceptor), 'proven')
      expectStep(dialler.feed(acceptor.decide('welcome')), 'decided')
    }
  })

  test('a dialler that proves itself with the next one is refused where only the old is taken', () => {
    const [dialler, acceptor] = pair({ key: next, accepted: [key] }, { key })
    expect(untilProof(dialler, acceptor)).toMatchObject({ kind: 'refused', reason: 'secret' })
  })
})

describe('is refused', () => {
  test('a dialler with another secret, without a proof from the acceptor', () => {
    const [dialler, acceptor] = pair({ key: clusterKey('another secret, long enough') })
    const refused = expectStep(untilProof(dialler, acceptor), 'refused')
    expect(refused).toMatchObject({ reason: 'secret', detail: expect.stringContaining('the dialler did not prove') })
    // What it sends is the reason and nothing that depends on the secret.
    expect(refused.send).toEqual(encodeMessage(KIND.refusal, Buffer.of(0)))
    expect(dialler.feed(refused.send as Buffer)).toMatchObject({
      kind: 'refused',
      reason: 'secret',
      detail: 'refused by the other side: secret',
    })
  })

  test('an acceptor that does not know the secret', () => {
    const [dialler, acceptor] = pair({}, { key: clusterKey('another secret, long enough') })
    expectStep(untilProof(dialler, acceptor), 'refused')
    const impostor = new AcceptorHandshake(self('b', { key: clusterKey('another secret, long enough') }))
    const again = new DiallerHandshake(self('a'))
    impostor.feed(again.hello())
    again.feed(impostor.challenge())
    again.proof()
    const forged = encodeMessage(KIND.verdict, Buffer.concat([Buffer.of(0), random.bytes(32)]))
    expect(again.feed(forged)).toMatchObject({
      kind: 'refused',
      reason: 'secret',
      detail: expect.stringContaining('the acceptor did not prove'),
    })
  })

  test('a node of another cluster, by both sides, though the secret is the same', () => {
    const [dialler, acceptor] = pair({ cluster: 'other' })
    expect(acceptor.feed(dialler.hello())).toMatchObject({ kind: 'refused', reason: 'cluster', detail: expect.stringContaining('"other"') })
    expect(dialler.feed(acceptor.challenge())).toMatchObject({ kind: 'refused', reason: 'cluster' })
  })

  test.each([
    ['a newer node', { lowest: 9, highest: 12 }, 'it speaks versions 9 to 12 of the protocol, this node speaks versions 3 to 5'],
    ['an older node', { lowest: 1, highest: 1 }, 'it speaks version 1 of the protocol, this node speaks versions 3 to 5'],
  ])('%s that has no version of the protocol in common, even if the rest cannot be read', (_name, versions, detail) => {
    const acceptor = new AcceptorHandshake(self('b', { versions: { lowest: 3, highest: 5 } }))
    const hello = new DiallerHandshake(self('a', { versions })).hello()
    const refused = expectStep(acceptor.feed(hello.subarray(0, 6)), 'refused')
    expect(refused).toMatchObject({ reason: 'version', detail })
    // The other side learns as much from the answer.
    expect(new DiallerHandshake(self('a', { versions })).feed(refused.send as Buffer)).toMatchObject({ kind: 'refused', reason: 'version' })
  })

  test.each([
    [0, 3],
    [0, 0],
    [4, 3],
  ])('versions that make no sense: %i to %i', (lowest, highest) => {
    const hello = new DiallerHandshake(self('a', { versions: { lowest, highest } })).hello()
    expect(new AcceptorHandshake(self('b')).feed(hello)).toMatchObject({ kind: 'refused', reason: 'garbage' })
  })

  test.each([
    ['GET / HTTP/1.1\r\n\r\n', 'garbage'],
    ['\0\0\0\x05\x91\xa1a', 'garbage'],
    ['O\0', 'garbage'],
    ['\x16\x03\x01\x02\x00', 'tls'],
    ['\x15\x03\x03\x00\x02\x02\x28', 'tls'],
  ])('%j, which is another protocol, at its first wrong byte: %s', (text, reason) => {
    const bytes = Buffer.from(text, 'latin1')
    const [, acceptor] = pair()
    const step = [...bytes].map((byte) => acceptor.feed(Buffer.of(byte))).find(({ kind }) => kind !== 'wait')
    expect(step).toMatchObject({ kind: 'refused', reason })
    expect(step).not.toHaveProperty('send')
  })

  test('a message over the limit, by its header', () => {
    const [, acceptor] = pair()
    expect(acceptor.feed(encodeMessage(KIND.hello, Buffer.alloc(1100)).subarray(0, HEADER_BYTES))).toMatchObject({
      kind: 'refused',
      reason: 'limit',
    })
  })

  test('more than 1024 bytes over all messages', () => {
    const acceptor = new AcceptorHandshake(self('b'))
    const hello = encodeMessage(KIND.hello, writeHello({ ...self('a'), address: `${'a'.repeat(240)}:1` }))
    expectStep(acceptor.feed(hello), 'claimed')
    expect(acceptor.feed(encodeMessage(KIND.proof, Buffer.alloc(1024 - hello.length)).subarray(0, HEADER_BYTES))).toMatchObject({
      reason: 'limit',
    })
  })

  const own = { nonce: Buffer.alloc(32), cluster: 'auctions', id: 'a.1', address: 'a:1' }
  test.each([
    ['an id that is none', { ...own, id: 'a' }],
    ['an address that is none', { ...own, address: 'nowhere' }],
    ['an address with a line break', { ...own, address: 'a\n:1' }],
    ['a nonce of another length', { ...own, nonce: Buffer.alloc(31) }],
    ['a cluster without a name', { ...own, cluster: '' }],
  ])('%s', (_name, hello) => {
    expect(new AcceptorHandshake(self('b')).feed(encodeMessage(KIND.hello, writeHello(hello)))).toMatchObject({
      kind: 'refused',
      reason: 'garbage',
    })
  })

  test('a message out of turn', () => {
    const [dialler, acceptor] = pair()
    expect(acceptor.feed(encodeMessage(KIND.proof, Buffer.alloc(32)))).toMatchObject({ reason: 'garbage' })
    expect(dialler.feed(encodeMessage(KIND.verdict, Buffer.alloc(33)))).toMatchObject({ reason: 'garbage' })
  })

  test('whoever was refused once, whatever comes next', () => {
    const [dialler, acceptor] = pair({ cluster: 'other' })
    acceptor.feed(dialler.hello())
    expect(acceptor.feed(new DiallerHandshake(self('a')).hello())).toEqual({ kind: 'wait' })
  })
})

describe('versions', () => {
  const range = fc.tuple(fc.integer({ min: 1, max: 255 }), fc.integer({ min: 1, max: 255 }))
  const versions = range.map(([a, b]): Versions => ({ lowest: Math.min(a, b), highest: Math.max(a, b) }))

  test('are agreed upon: the highest that both sides speak, or none (property)', () => {
    fc.assert(
      fc.property(versions, versions, (ours, theirs) => {
        const [dialler, acceptor] = pair({ versions: ours }, { versions: theirs })
        const met = acceptor.feed(dialler.hello())
        const common = Math.min(ours.highest, theirs.highest)
        if (common < Math.max(ours.lowest, theirs.lowest)) {
          expect(met).toMatchObject({ kind: 'refused', reason: 'version' })
          return
        }
        dialler.feed(acceptor.challenge())
        expect(expectStep(acceptor.feed(dialler.proof()), 'proven').peer.protocol).toBe(common)
        expect(expectStep(dialler.feed(acceptor.decide('welcome')), 'decided').peer.protocol).toBe(common)
      }),
    )
  })

  test('cannot be talked down by somebody between: what each side said is part of the proof', () => {
    const both = { lowest: 1, highest: 2 }
    const [dialler, acceptor] = pair({ versions: both }, { versions: both })
    const lowered = Buffer.from(dialler.hello())
    lowered[5] = 1
    expectStep(acceptor.feed(lowered), 'claimed')
    dialler.feed(acceptor.challenge())
    const proof = dialler.proof()
    proof[5] = 1
    expect(acceptor.feed(proof)).toMatchObject({ kind: 'refused', reason: 'secret' })
  })
})

describe('an attacker that has seen everything', () => {
  test('cannot replay an old handshake to an acceptor', () => {
    const [dialler, acceptor] = pair()
    const recorded = [dialler.hello()]
    untilProof(dialler, acceptor)
    recorded.push(dialler.proof())
    const later = new AcceptorHandshake(self('b'))
    expectStep(later.feed(recorded[0] as Buffer), 'claimed')
    expect(later.feed(recorded[1] as Buffer)).toMatchObject({ kind: 'refused', reason: 'secret' })
  })

  test('cannot replay an old handshake to a dialler', () => {
    const [dialler, acceptor] = pair()
    untilProof(dialler, acceptor)
    const recorded = [acceptor.challenge(), acceptor.decide('welcome')]
    const later = new DiallerHandshake(self('a'))
    expectStep(later.feed(recorded[0] as Buffer), 'claimed')
    later.proof()
    expect(later.feed(recorded[1] as Buffer)).toMatchObject({ kind: 'refused', reason: 'secret' })
  })

  test('cannot reflect a dialler at itself: the proof of one role is none of the other', () => {
    const dialler = new DiallerHandshake(self('a'))
    const nonce = dialler.hello().subarray(HEADER_BYTES, HEADER_BYTES + 32)
    const mirror = encodeMessage(KIND.challenge, writeHello({ nonce, cluster: 'auctions', id: 'a.1', address: 'a:4369' }))
    expectStep(dialler.feed(mirror), 'claimed')
    const reflected = encodeMessage(KIND.verdict, Buffer.concat([Buffer.of(0), dialler.proof().subarray(HEADER_BYTES)]))
    expect(dialler.feed(reflected)).toMatchObject({ kind: 'refused', reason: 'secret' })
  })

  test('cannot make a node answer its own challenge through a second connection', () => {
    const victim = self('a')
    const dialler = new DiallerHandshake(victim)
    const oracle = new AcceptorHandshake(self('a'))
    expectStep(oracle.feed(dialler.hello()), 'claimed')
    const mirror = encodeMessage(KIND.challenge, writeHello({ ...self('b'), nonce: random.bytes(32) }))
    dialler.feed(mirror)
    expect(oracle.feed(dialler.proof())).toMatchObject({ kind: 'refused', reason: 'secret' })
  })

  test('cannot turn a duplicate into a welcome', () => {
    const [dialler, acceptor] = pair()
    untilProof(dialler, acceptor)
    const verdict = Buffer.from(acceptor.decide('duplicate'))
    verdict[HEADER_BYTES] = 0
    expect(dialler.feed(verdict)).toMatchObject({ kind: 'refused', reason: 'secret' })
  })

  test.each([10, 35, 50, 55])('cannot change what either side said (byte %d)', (at) => {
    for (const which of ['hello', 'challenge']) {
      const [dialler, acceptor] = pair()
      const changed = (bytes: Buffer, is: string) => {
        const copy = Buffer.from(bytes)
        // Letters and digits stay letters and digits: the form stays good, the words differ.
        if (which === is) copy[at] = copy[at] === 0x61 ? 0x62 : 0x61
        return copy
      }
      const met = acceptor.feed(changed(dialler.hello(), 'hello'))
      if (met.kind !== 'claimed') continue
      const answered = dialler.feed(changed(acceptor.challenge(), 'challenge'))
      if (answered.kind !== 'claimed') continue
      expect(acceptor.feed(dialler.proof())).toMatchObject({ kind: 'refused', reason: 'secret' })
    }
  })

  test('cannot sit between two channels: the binding is part of what is proven', () => {
    const [dialler, acceptor] = pair({ channelBinding: Buffer.from('one') }, { channelBinding: Buffer.from('two') })
    expect(untilProof(dialler, acceptor)).toMatchObject({ kind: 'refused', reason: 'secret' })
    const [same, channel] = pair({ channelBinding: Buffer.from('one') }, { channelBinding: Buffer.from('one') })
    expectStep(untilProof(same, channel), 'proven')
  })

  test('gets by with no bytes at all (property)', () => {
    const bytes = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 })
    const prefix = fc.constantFrom(Buffer.alloc(0), Buffer.from('OTPL\x01\x01\x01\0'), new DiallerHandshake(self('a')).hello())
    fc.assert(
      fc.property(prefix, bytes, (start, chunks) => {
        for (const side of pair()) {
          for (const chunk of [start, ...chunks]) expect(side.feed(Buffer.from(chunk)).kind).not.toMatch(/proven|decided/)
        }
      }),
    )
  })
})

describe('the secret', () => {
  test('must have 16 bytes', () => {
    expect(() => clusterKey('fifteen bytes..')).toThrow(expect.objectContaining({ code: 'ERR_OTP_CLUSTER_WEAK_SECRET' }))
    expect(() => clusterKey(new Uint8Array(15))).toThrow(/got 15/)
    expect(clusterKey('sixteen bytes...')).toBeDefined()
  })

  test('is in no error and in no inspection of its key', () => {
    expect(() => clusterKey('too short')).toThrow(expect.objectContaining({ message: expect.not.stringContaining('too short') }))
    expect(inspect(key, { showHidden: true, depth: 9 }) + JSON.stringify(key)).not.toContain('battery')
  })
})
