// The topology of a name, with the resolver of the system library and a name server on loopback.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { seededRandom } from '#base'
import { type DnsTopologyOptions, dnsTopology } from '#src/cluster/topology/dns.ts'
import { answered, answerOf, DnsView } from '#src/cluster/topology/dns-view.ts'
import { LONGEST_RETRY_MS } from '#src/cluster/topology/retry-delay.ts'
import type { RunningTopology } from '#src/cluster/topology/strategy.ts'
import { TopologyRecorder, topologyContract } from '#test/contract/topology.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { NameServer } from '#test/support/name-server.ts'

const self = { id: 'n1.1', address: '127.0.0.1:4001' }
const NAME = 'otp.example'

topologyContract('dns, by addresses', async () => {
  const server = await NameServer.start()
  const A = new Set(['10.0.0.1', '10.0.0.2'])
  const publish = () => void server.names.set(NAME, { A: [...A], AAAA: ['fd00::3'] })
  publish()
  return {
    strategy: dnsTopology({ name: NAME, port: 4999, servers: [server.address], pollMs: 10 }),
    self,
    expected: ['10.0.0.1:4999', '10.0.0.2:4999', '[fd00::3]:4999'],
    appear: async (address) => {
      A.add(address.split(':')[0] as string)
      publish()
    },
    vanish: async (address) => {
      A.delete(address.split(':')[0] as string)
      publish()
    },
    close: () => server.close(),
  }
})

topologyContract('dns, by SRV records', async () => {
  const server = await NameServer.start()
  const targets = new Map([
    ['n1.otp.example', '127.0.0.1:4001'],
    ['n2.otp.example', '127.0.0.1:4002'],
  ])
  const publish = () => {
    for (const [target, address] of targets) server.names.set(target, { A: [address.split(':')[0] as string] })
    server.names.set(NAME, { SRV: [...targets].map(([target, address]) => ({ target, port: Number(address.split(':')[1]) })) })
  }
  publish()
  return {
    strategy: dnsTopology({ name: NAME, servers: [server.address], pollMs: 10 }),
    self,
    expected: ['127.0.0.1:4001', '127.0.0.1:4002'],
    appear: async (address) => {
      targets.set('late.otp.example', address)
      publish()
    },
    vanish: async () => {
      targets.delete('late.otp.example')
      publish()
    },
    close: () => server.close(),
  }
})

let server: NameServer
const started: RunningTopology[] = []

beforeEach(async () => {
  server = await NameServer.start()
  server.names.set(NAME, { A: ['10.0.0.1', '10.0.0.2'] })
})

afterEach(async () => {
  for (const running of started.splice(0)) await running.stop()
  await server.close()
})

async function start(options: Partial<DnsTopologyOptions> = {}) {
  const clock = new FakeClock()
  const recorder = new TopologyRecorder()
  const random = seededRandom(1)
  const strategy = dnsTopology({ name: NAME, port: 4369, servers: [server.address], clock, random, ...options })
  const running = await strategy.start(self, recorder)
  started.push(running)
  /** Lets another look happen, or more, and be over. */
  const lookAgain = async () => {
    const before = recorder.sets.length + recorder.failures.length
    await clock.advance(LONGEST_RETRY_MS + 1)
    await recorder.until(({ sets, failures }) => sets.length + failures.length > before)
  }
  /** Looks until this set is told; if it never is, the test's time is over. */
  const lookUntil = async (...addresses: string[]) => {
    while (recorder.sets.at(-1)?.join() !== addresses.join()) await lookAgain()
  }
  return { clock, recorder, running, lookAgain, lookUntil }
}

describe('a name', () => {
  test('is asked for again at its rhythm, and not from memory', async () => {
    const { clock, recorder } = await start({ family: 4, random: { ...seededRandom(1), next: () => 0.5 } })
    server.names.set(NAME, { A: ['10.0.0.9'] })
    await clock.advance(4999)
    expect(server.asked).toEqual([`A ${NAME} udp`])
    await clock.advance(1)
    await recorder.until(({ sets }) => sets.length === 2)
    expect(recorder.sets).toEqual([['10.0.0.1:4369', '10.0.0.2:4369'], ['10.0.0.9:4369']])
  })

  test('that does not exist any more has no peers, which is no failure', async () => {
    const { recorder, lookUntil } = await start()
    server.names.delete(NAME)
    await lookUntil()
    expect(recorder.failures).toEqual([])
  })

  test('with more addresses than fit into a datagram is read whole, over TCP', async () => {
    const many = Array.from({ length: 200 }, (_, index) => `10.1.${index >> 7}.${(index & 127) + 1}`)
    server.names.set(NAME, { A: many })
    const { recorder } = await start({ family: 4 })
    expect(recorder.sets[0]).toHaveLength(200)
    expect(server.asked).toEqual([`A ${NAME} udp`, `A ${NAME} tcp`])
  })

  test('is asked for addresses of one family only if one is named', async () => {
    await start({ family: 6 })
    expect(server.asked).toEqual([`AAAA ${NAME} udp`])
  })
})

describe('a name server', () => {
  test.each(['SERVFAIL', 'REFUSED'] as const)('that says %s is no news: what was found stays, and the failure is told', async (mood) => {
    const { recorder, lookAgain, lookUntil } = await start()
    server.moods.set('*', mood)
    await lookAgain()
    expect(recorder.sets).toEqual([['10.0.0.1:4369', '10.0.0.2:4369']])
    expect(recorder.failures).not.toEqual([])
    server.moods.clear()
    server.names.set(NAME, { A: ['10.0.0.1'] })
    await lookUntil('10.0.0.1:4369')
  })

  test('that is silent at the first look keeps nobody waiting for ever, and finds nobody', async () => {
    server.moods.set('*', 'silent')
    const { recorder } = await start({ timeoutMs: 10 })
    expect([recorder.sets, recorder.failures.map(({ message }) => message)]).toEqual([[], [expect.stringContaining('ETIMEOUT')]])
  })

  test('that is not there is a failure, and asked again', async () => {
    const nobody = await NameServer.start()
    await nobody.close()
    const { recorder, lookAgain } = await start({ servers: [nobody.address], timeoutMs: 10 })
    await lookAgain()
    expect(recorder.sets).toEqual([])
    expect(recorder.failures.length).toBeGreaterThanOrEqual(2)
  })

  test('that cannot say one kind of record still tells the other, and what it said of the first holds', async () => {
    server.names.set(NAME, { A: ['10.0.0.1'], AAAA: ['fd00::1'] })
    const { recorder, lookUntil } = await start()
    server.names.set(NAME, { A: ['10.0.0.2'] })
    server.moods.set(`AAAA ${NAME}`, 'SERVFAIL')
    await lookUntil('10.0.0.2:4369', '[fd00::1]:4369')
    await recorder.until(({ failures }) => failures.length > 0)
    server.moods.clear()
    await lookUntil('10.0.0.2:4369')
  })

  test('that fails for an SRV name or one of its targets takes no peer away', async () => {
    server.names.set(NAME, {
      SRV: [
        { target: 'a.example', port: 1 },
        { target: 'b.example', port: 2 },
      ],
    })
    server.names.set('a.example', { A: ['10.0.0.1'] })
    server.names.set('b.example', { A: ['10.0.0.2'] })
    const clock = new FakeClock()
    const recorder = new TopologyRecorder()
    const running = await dnsTopology({ name: NAME, servers: [server.address], clock }).start(self, recorder)
    started.push(running)
    for (const question of ['A b.example', `SRV ${NAME}`]) {
      server.moods.set(question, 'SERVFAIL')
      const told = recorder.sets.length
      running.refresh()
      await recorder.until(({ sets }) => sets.length > told)
    }
    expect(recorder.sets.map((set) => set.join())).toEqual(Array.from({ length: 3 }, () => '10.0.0.1:1,10.0.0.2:2'))
  })

  test('is left in peace by many wishes to look: one look at a time, and one after it', async () => {
    const { recorder, running } = await start({ family: 4 })
    for (let i = 0; i < 100; i++) running.refresh()
    await recorder.until(({ sets }) => sets.length === 3)
    expect(server.asked).toHaveLength(3)
  })
})

describe('answers', () => {
  test('to questions that are not asked any more are forgotten', () => {
    const view = new DnsView()
    view.take('A gone.example', answered(['10.0.0.1']))
    view.endRound()
    view.endRound()
    expect(view.take('A gone.example', { kind: 'failed', why: 'ETIMEOUT' })).toEqual([])
  })

  test.each(['ENOTFOUND', 'ENODATA'])('of %s are empty', (code) => {
    expect(answerOf(Object.assign(new Error(code), { code }))).toEqual(answered([]))
  })

  test.each(['ESERVFAIL', 'ETIMEOUT', 'ECONNREFUSED', 'EREFUSED', 'EBADRESP', undefined])('of %s are none', (code) => {
    expect(answerOf(Object.assign(new Error('why'), { code }))).toEqual({ kind: 'failed', why: 'why' })
  })
})

describe('the options of dns', () => {
  test.each([
    [{ name: '' }, 'a name to ask for, got ""'],
    [{ name: '10.0.0.1' }, 'a name to ask for, got "10.0.0.1"'],
    [{ name: NAME, port: 70_000 }, 'a port from 1 to 65535, or none for SRV records, got 70000'],
    [{ name: NAME, family: 5 }, 'family 4 or 6, got 5'],
    [{ name: NAME, servers: ['ns.example'] }, 'addresses of name servers'],
    [{ name: NAME, pollMs: 0 }, 'a pollMs of 1 ms or more, got 0'],
  ])('cannot be %j', (options, words) => {
    expect(() => dnsTopology(options as DnsTopologyOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_OTP_CLUSTER_BAD_TOPOLOGY', message: expect.stringContaining(words) }),
    )
  })

  test.each(['10.0.0.2', '10.0.0.2:53', 'fd00::53', '[fd00::53]:53'])('may name the server %s', (address) => {
    expect(() => dnsTopology({ name: NAME, servers: [address] })).not.toThrow()
  })
})
