// The topology of a list.
import { describe, expect, test } from 'vitest'
import { staticTopology } from '#src/cluster/topology/static.ts'
import { TopologyRecorder, topologyContract } from '#test/contract/topology.ts'

const isFixed = 'the list is what the operator wrote'

topologyContract(
  'static',
  async () => ({
    strategy: staticTopology({ addresses: ['127.0.0.1:4001', 'n2.example.org:4002', '[::1]:4003', '127.0.0.1:4001'] }),
    self: { id: 'n1.1', address: '127.0.0.1:4001' },
    expected: ['127.0.0.1:4001', 'n2.example.org:4002', '[::1]:4003'],
    close: async () => {},
  }),
  { 'finds a peer that comes later': isFixed, 'tells the set without a peer that has gone': isFixed },
)

describe('the list of a static topology', () => {
  test.each([[['localhost']], [['127.0.0.1:0']], [['a:1', 'b:66000']], [['a b:1']], [[7]]])(
    'may not hold %j, and the error names it',
    (addresses) => {
      expect(() => staticTopology({ addresses: addresses as string[] })).toThrow(
        expect.objectContaining({
          code: 'ERR_OTP_CLUSTER_BAD_TOPOLOGY',
          message: expect.stringContaining(`got ${JSON.stringify(addresses.at(-1))}`),
        }),
      )
    },
  )

  test('must be a list', () => {
    expect(() => staticTopology({ addresses: 'a:1' as never })).toThrow(/expected a list of addresses/)
  })

  test('may be empty', () => {
    expect(() => staticTopology({ addresses: [] })).not.toThrow()
  })
})

describe('the expected size', () => {
  const told = async (address: string) => {
    const recorder = new TopologyRecorder()
    await staticTopology({ addresses: ['a:1', 'b:1', 'b:1'] }).start({ id: 'n1.1', address }, recorder)
    return recorder.facts.expected
  }

  test('is the length of a list that names this node', async () => {
    expect(await told('a:1')).toBe(2)
  })

  test('is not known from a list that may name some nodes only', async () => {
    expect(await told('c:1')).toBeUndefined()
  })
})
