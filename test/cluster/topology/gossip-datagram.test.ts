// Datagrams of gossip: whoever knows the secret is read, and nothing else is, whatever it is.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clusterKey } from '#src/cluster/handshake.ts'
import { type GossipWord, gossipKey, MAX_DATAGRAM_BYTES, readDatagram, writeDatagram } from '#src/cluster/topology/gossip-datagram.ts'

const key = gossipKey(clusterKey('a secret of enough length'))
const word: GossipWord = {
  kind: 'here',
  cluster: 'otp-labs',
  id: 'n1.lq3f9a',
  address: '10.0.0.7:4369',
  counter: 7,
  sentAt: 1_700_000_000_000,
}
const read = (bytes: Buffer) => readDatagram(bytes, 'otp-labs', key)

describe('a datagram', () => {
  test.each(['here', 'asks', 'bye'] as const)('that says %s is read as it was written', (kind) => {
    const largest = { ...word, kind, counter: 2 ** 48 - 1, address: '[fe80::1%2]:65535' }
    expect(read(writeDatagram(largest, key))).toEqual(largest)
  })

  test('of the longest names fits into the limit', () => {
    const long = { ...word, cluster: 'c'.repeat(63), id: `${'n'.repeat(63)}.zzzzzzzzzz`, address: `${'h'.repeat(249)}:65535` }
    const bytes = writeDatagram(long, key)
    expect(bytes.length).toBeLessThanOrEqual(MAX_DATAGRAM_BYTES)
    expect(readDatagram(bytes, long.cluster, key)).toEqual(long)
  })

  test('of another cluster is told from one without the secret', () => {
    expect(read(writeDatagram({ ...word, cluster: 'other' }, key))).toBe('cluster')
    expect(read(writeDatagram(word, gossipKey(clusterKey('another secret of length'))))).toBe('secret')
  })

  test('proven with the key of the handshake itself is not believed', () => {
    expect(read(writeDatagram(word, clusterKey('a secret of enough length')))).toBe('secret')
  })

  test('that was changed in any bit is not believed', () => {
    const bytes = writeDatagram(word, key)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(typeof read(changed)).toBe('string')
    }
  })

  test('that was cut short or grew is not believed', () => {
    const bytes = writeDatagram(word, key)
    for (let length = 0; length < bytes.length; length++) expect(typeof read(bytes.subarray(0, length))).toBe('string')
    expect(read(Buffer.concat([bytes, Buffer.of(0)]))).not.toBeTypeOf('object')
    expect(read(Buffer.alloc(MAX_DATAGRAM_BYTES + 1))).toBe('limit')
  })

  test('of anything at all is refused without an error', () => {
    const magic = Buffer.from('OTPG\x01')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1200 }), fc.boolean(), (bytes, isAlike) => {
        expect(['garbage', 'limit', 'cluster', 'secret']).toContain(read(isAlike ? Buffer.concat([magic, bytes]) : Buffer.from(bytes)))
      }),
    )
  })

  test.each([
    ['no node id', { id: 'n1' }],
    ['no address', { address: 'nowhere' }],
  ])('that is proven and holds %s is refused', (_what, part) => {
    expect(read(writeDatagram({ ...word, ...part }, key))).toBe('garbage')
  })
})
