// Names of nodes and ids of their lives.
import { describe, expect, test } from 'vitest'
import { checkNodeName, incarnationOf, nodeId, nodeName, parseNodeId } from '#src/cluster/node-name.ts'

describe('a node id', () => {
  test('is the name and the incarnation in base 36', () => {
    expect(nodeId('n1', 1_316_899_930)).toBe(`n1.${(1_316_899_930).toString(36)}`)
    expect(parseNodeId('n1.lq3f9a')).toEqual({ name: 'n1', incarnation: Number.parseInt('lq3f9a', 36) })
  })

  test('gives back its parts', () => {
    const id = nodeId('web-7_b', 1_767_225_600_000)
    expect(nodeName(id)).toBe('web-7_b')
    expect(incarnationOf(id)).toBe(1_767_225_600_000)
  })

  test('of a later life has the higher incarnation, however long the text is', () => {
    const ids = [nodeId('a', 35), nodeId('a', 36), nodeId('a', 36 ** 8)]
    expect(ids.toSorted((a, b) => incarnationOf(b) - incarnationOf(a))).toEqual(ids.toReversed())
  })

  test.each(['', 'n1', 'n1.', '.1', 'n1.1.2', 'n1.A', 'n1.01', 'n 1.1', 'n1.zzzzzzzzzzz', '-n.1', `${'n'.repeat(64)}.1`])(
    '%j is none',
    (id) => {
      expect(parseNodeId(id)).toBeUndefined()
      expect(incarnationOf(id)).toBeNaN()
    },
  )

  test.each([-1, 1.5, Number.NaN, 2 ** 60])('has no incarnation %d', (incarnation) => {
    expect(() => nodeId('n1', incarnation)).toThrow(expect.objectContaining({ code: 'ERR_OTP_CLUSTER_BAD_NODE_NAME' }))
  })
})

describe('a node name', () => {
  test.each(['n1', 'A', '7', 'otp-labs-0', 'a_b', 'n'.repeat(63)])('may be %j', (name) => {
    expect(checkNodeName(name)).toBe(name)
  })

  test.each(['', '-a', '_a', 'a.b', 'a b', 'ä', 'n'.repeat(64)])('may not be %j, and the error says what may', (name) => {
    expect(() => checkNodeName(name)).toThrow(
      expect.objectContaining({ code: 'ERR_OTP_CLUSTER_BAD_NODE_NAME', message: expect.stringContaining(JSON.stringify(name)) }),
    )
  })
})
