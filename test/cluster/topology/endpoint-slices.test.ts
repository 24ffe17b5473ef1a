// What EndpointSlices say: addresses of pods, who is terminating, and nothing that is only a name.
import { describe, expect, test } from 'vitest'
import { BadSlice, changedSlices, listedSlices, type PortChoice, peersOf, type Slices } from '#src/cluster/topology/endpoint-slices.ts'

interface Pod {
  readonly uid?: string
  readonly ip: string
  readonly terminating?: boolean
  readonly ready?: boolean
}

const slice = (uid: string, pods: readonly Pod[], more: object = {}) => ({
  metadata: { uid, name: `otp-${uid}`, resourceVersion: '1' },
  ports: [{ name: 'cluster', port: 4369 }],
  endpoints: pods.map(({ uid: pod = `pod-${pods.length}`, ip, ...conditions }) => ({
    addresses: [ip],
    conditions,
    targetRef: { uid: pod },
  })),
  ...more,
})
const peers = (...slices: object[]) => {
  const { addresses, terminating } = peersOf(listedSlices(slices, undefined))
  return { addresses, terminating }
}

describe('the pods of a service', () => {
  test('are found in all of its slices, each address once, IPv6 in brackets', () => {
    const addresses = ['10.0.0.1:4369', '10.0.0.2:4369', '[fd00::1]:4369']
    const slices = [slice('a', [{ ip: '10.0.0.2' }, { ip: '10.0.0.1' }]), slice('b', [{ ip: 'fd00::1' }]), slice('c', [{ ip: '10.0.0.1' }])]
    expect(peers(...slices)).toEqual({ addresses, terminating: [] })
  })

  test('are found whether they are ready or not', () => {
    expect(peers(slice('a', [{ ip: '10.0.0.1', ready: false }])).addresses).toEqual(['10.0.0.1:4369'])
  })

  test('that terminate are still there, and said to terminate', () => {
    const pods = [{ ip: '10.0.0.1', terminating: true }, { ip: '10.0.0.2' }]
    expect(peers(slice('a', pods))).toEqual({ addresses: ['10.0.0.1:4369', '10.0.0.2:4369'], terminating: ['10.0.0.1:4369'] })
  })

  test('that terminate do not make a pod terminate that took their address over', () => {
    const pods = [
      { uid: 'old', ip: '10.0.0.1', terminating: true },
      { uid: 'new', ip: '10.0.0.1' },
    ]
    expect(peers(slice('a', pods))).toEqual({ addresses: ['10.0.0.1:4369'], terminating: [] })
  })

  test('terminate as soon as one slice says so, while another is behind', () => {
    const pod = { uid: 'p', ip: '10.0.0.1' }
    const behind = slice('a', [pod])
    const ahead = slice('b', [{ ...pod, terminating: true }])
    for (const slices of [
      [behind, ahead],
      [ahead, behind],
    ]) {
      expect(peers(...slices).terminating).toEqual(['10.0.0.1:4369'])
    }
  })

  test('are in the zones of their machines, where the cluster has zones', () => {
    const endpoints = [{ addresses: ['10.0.0.1'], zone: 'west' }, { addresses: ['10.0.0.2'] }]
    expect(peersOf(listedSlices([slice('a', [], { endpoints })], undefined)).zones).toEqual(new Map([['10.0.0.1:4369', 'west']]))
  })

  test('may be none: a slice without endpoints needs no port', () => {
    expect(peers(slice('a', [], { ports: null }), { metadata: { uid: 'b' } }).addresses).toEqual([])
  })
})

describe('a slice', () => {
  const changed = (slices: Slices, type: string, object: object) => changedSlices(slices, type, object, undefined)

  test('comes, changes and goes', () => {
    const none = listedSlices([], undefined)
    const added = changed(none, 'ADDED', slice('a', [{ ip: '10.0.0.1' }]))
    const modified = changed(added, 'MODIFIED', slice('a', [{ ip: '10.0.0.2' }]))
    const deleted = changed(modified, 'DELETED', slice('a', [{ ip: '10.0.0.2' }]))
    expect([none, added, modified, deleted].map((slices) => peersOf(slices).addresses)).toEqual([
      [],
      ['10.0.0.1:4369'],
      ['10.0.0.2:4369'],
      [],
    ])
  })

  test('is known by its uid: the end of an old one of the same name takes nothing from the new one', () => {
    const named = { metadata: { uid: 'new', name: 'otp-x' } }
    const both = [slice('old', [{ ip: '10.0.0.1' }]), slice('new', [{ ip: '10.0.0.2' }], named)]
    const left = changed(listedSlices(both, undefined), 'DELETED', slice('old', [], { metadata: { uid: 'old', name: 'otp-x' } }))
    expect(peersOf(left).addresses).toEqual(['10.0.0.2:4369'])
  })
})

describe('the port', () => {
  const withPorts = (choice: PortChoice, ...ports: object[]) => listedSlices([slice('a', [{ ip: 'h' }], { ports })], choice)
  const two = [
    { name: 'http', port: 80 },
    { name: 'cluster', port: 4369 },
  ]

  test('is the one of that name', () => {
    expect(peersOf(withPorts('cluster', ...two)).addresses).toEqual(['h:4369'])
  })

  test('may be a number that the service does not list', () => {
    expect(peersOf(withPorts(5000)).addresses).toEqual(['h:5000'])
  })

  test.each([
    [undefined, two, 'has several ports ("http", "cluster"); say which one is the cluster port'],
    ['epmd', two, 'has no such port ("http", "cluster")'],
    [undefined, [], 'has no such port (none)'],
  ])('%j of %j cannot be chosen, and the error says why', (choice, ports, words) => {
    expect(() => withPorts(choice, ...ports)).toThrow(words)
  })
})

test.each([[7], [[null]], [[{ metadata: {} }]], [[slice('a', [], { endpoints: 7 })]], [[slice('a', [], { endpoints: [{}] })]]])(
  'what is no list of slices is refused: %j',
  (items) => {
    expect(() => listedSlices(items, undefined)).toThrow(BadSlice)
  },
)
