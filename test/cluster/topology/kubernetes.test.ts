// The topology of a Kubernetes service, against an API server on loopback that behaves well and badly.
import { execFileSync } from 'node:child_process'
import diagnostics from 'node:diagnostics_channel'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { seededRandom } from '#base'
import { retryAfterMs } from '#src/cluster/topology/api-server.ts'
import { type KubernetesTopologyOptions, kubernetesTopology } from '#src/cluster/topology/kubernetes.ts'
import type { RunningTopology } from '#src/cluster/topology/strategy.ts'
import { TopologyRecorder, topologyContract } from '#test/contract/topology.ts'
import { FakeApiServer, type Mishap, NAMESPACE, SERVICE } from '#test/support/api-server.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { testSeed } from '#test/support/seed.ts'

const self = { id: 'n1.1', address: '10.0.0.1:4369' }
/** Waits are as short as they may be. */
const random = { ...seededRandom(1), next: () => 0 }
const pods = (...addresses: string[]) => addresses.map((address) => ({ uid: `pod-${address}`, address }))

/** Removed after each test. */
const directories: string[] = []
const started: RunningTopology[] = []

function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'otp-kubernetes-'))
  directories.push(directory)
  return directory
}

/** Credentials for the server, in files. */
function credentials(api: FakeApiServer, authority?: string): { kubeconfig: string; tokenFile: string } {
  const directory = makeDirectory()
  const tokenFile = join(directory, 'token')
  const kubeconfig = join(directory, 'kubeconfig')
  writeFileSync(tokenFile, api.token)
  writeFileSync(kubeconfig, api.kubeconfig(tokenFile, authority))
  return { kubeconfig, tokenFile }
}

/** Resolves when so many more answers have begun to arrive. */
function begun(answers: number): Promise<void> {
  return new Promise((resolve) => {
    const count = () => {
      if (--answers > 0) return
      diagnostics.unsubscribe('http.client.response.finish', count)
      resolve()
    }
    diagnostics.subscribe('http.client.response.finish', count)
  })
}

topologyContract('kubernetes', async () => {
  const api = await new FakeApiServer().start()
  const { kubeconfig } = credentials(api)
  api.ports = [{ name: 'cluster', port: 4999 }]
  api.set('otp-a', pods('10.0.0.1', '10.0.0.2'))
  return {
    strategy: kubernetesTopology({ service: SERVICE, kubeconfig, random }),
    self,
    expected: ['10.0.0.1:4999', '10.0.0.2:4999'],
    appear: async (address) => api.set('otp-late', pods(address.split(':')[0] as string)),
    vanish: async () => api.delete('otp-late'),
    close: () => api.close(),
  }
})

let api: FakeApiServer

beforeEach(async () => {
  api = await new FakeApiServer().start()
  api.set('otp-a', pods('10.0.0.1', '10.0.0.2'))
})

afterEach(async () => {
  for (const running of started.splice(0)) await running.stop()
  await api.close()
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

const both = ['10.0.0.1:4369', '10.0.0.2:4369']

async function start(options: Partial<KubernetesTopologyOptions> = {}, authority?: string) {
  const made = credentials(api, authority)
  const recorder = new TopologyRecorder()
  const what = options.selector === undefined ? { service: SERVICE } : {}
  const running = await kubernetesTopology({ ...what, kubeconfig: made.kubeconfig, random, ...options }).start(self, recorder)
  started.push(running)
  const newest = () => recorder.sets.at(-1)?.join()
  return { ...made, recorder, running, untilTold: (...addresses: string[]) => recorder.until(() => newest() === addresses.join()) }
}

/** Started, and its watch open. */
async function watching(options: Partial<KubernetesTopologyOptions> = {}) {
  const watch = await start(options)
  await watch.recorder.until(({ sets }) => sets.length === 2)
  return watch
}

describe('a watch', () => {
  test('begins where the list ended, asks for bookmarks, and lets the server end it after some minutes', async () => {
    await watching()
    expect(api.requests).toEqual(['list', 'watch 101'])
    const query = api.queries[1] as URLSearchParams
    expect(Object.fromEntries(query)).toMatchObject({ labelSelector: `kubernetes.io/service-name=${SERVICE}`, allowWatchBookmarks: 'true' })
    expect(Number(query.get('timeoutSeconds'))).toBeGreaterThanOrEqual(240)
    expect(Number(query.get('timeoutSeconds'))).toBeLessThanOrEqual(300)
  })

  test('tells who came, who was told to end, and who has gone', async () => {
    const { recorder, untilTold } = await watching()
    api.set('otp-a', [...pods('10.0.0.1'), { uid: 'pod-10.0.0.2', address: '10.0.0.2', terminating: true }, ...pods('10.0.0.3')])
    await untilTold(...both, '10.0.0.3:4369')
    expect(recorder.facts.terminating).toEqual(['10.0.0.2:4369'])
    api.set('otp-a', pods('10.0.0.1', '10.0.0.3'))
    await untilTold('10.0.0.1:4369', '10.0.0.3:4369')
    expect(recorder.facts.terminating).toEqual([])
    expect([recorder.failures, recorder.restarts]).toEqual([[], []])
  })

  test('that the server ends in good order goes on from the newest bookmark, which is no restart', async () => {
    const { recorder } = await watching()
    api.bookmark()
    await recorder.until(({ sets }) => sets.length === 3)
    api.endWatches()
    await recorder.until(({ sets }) => sets.length === 4)
    expect(api.requests).toEqual(['list', 'watch 101', 'watch 102'])
    expect([recorder.failures, recorder.restarts]).toEqual([[], []])
  })

  test('that breaks goes on where it broke, and misses nothing of what happened meanwhile', async () => {
    const { recorder, untilTold } = await watching()
    api.set('otp-a', pods('10.0.0.1'))
    await untilTold('10.0.0.1:4369')
    api.breakConnections()
    api.set('otp-b', pods('10.0.0.7'))
    await untilTold('10.0.0.1:4369', '10.0.0.7:4369')
    expect(api.requests).toEqual(['list', 'watch 101', 'watch 102'])
    expect([recorder.failures.length, recorder.restarts]).toEqual([1, ['watch']])
  })

  test('whose version is forgotten begins anew with the list, counted as such and as no failure', async () => {
    const { recorder, untilTold } = await watching()
    api.set('otp-a', pods('10.0.0.1'))
    await untilTold('10.0.0.1:4369')
    api.forgotten = 1000
    api.endWatches()
    await recorder.until(({ restarts }) => restarts.length > 0)
    api.forgotten = 0
    api.set('otp-a', pods('10.0.0.9'))
    await untilTold('10.0.0.9:4369')
    expect(recorder.failures).toEqual([])
    expect(new Set(recorder.restarts)).toEqual(new Set(['list']))
  })

  test('that answers 410 to the request itself begins anew with the list', async () => {
    const { recorder } = await watching()
    api.mishaps.watch.push({ status: 410 })
    api.bookmark()
    api.endWatches()
    await recorder.until(({ restarts }) => restarts.length === 1)
    await recorder.until(({ sets }) => sets.length === 5)
    expect(api.requests).toEqual(
      ['list', 'watch 101', 'watch 102', 'list', 'watch 102'].map((each, n) => (n === 4 ? api.requests[4] : each)),
    )
    expect(recorder.restarts).toEqual(['list'])
  })

  test.each([
    ['an error in its stream', { type: 'ERROR', object: { kind: 'Status', code: 500, message: 'etcd is away' } }, 'etcd is away'],
    ['what is no JSON', '<html>\n', 'not valid JSON'],
    ['an object that is no slice', { type: 'ADDED', object: { metadata: { resourceVersion: '102' } } }, 'metadata.uid'],
  ])('with %s is a failure, and begins anew', async (_what, said, words) => {
    const { recorder, untilTold } = await watching()
    api.say(typeof said === 'string' ? said : `${JSON.stringify(said)}\n`)
    await recorder.until(({ failures }) => failures.length === 1)
    expect(recorder.failures[0]?.message).toContain(words)
    api.set('otp-a', pods('10.0.0.9'))
    await untilTold('10.0.0.9:4369')
    expect(recorder.restarts.length).toBeGreaterThan(0)
  })
})

describe('an API server in trouble', () => {
  const mishaps: [string, Mishap][] = [
    ['403', { status: 403 }],
    ['429', { status: 429, retryAfter: '0' }],
    ['500', { status: 500, body: '<html>oh no</html>' }],
    ['a broken connection', 'reset'],
  ]

  test.each([...mishaps, ['an answer that breaks off', 'cut'] as [string, Mishap]])(
    'that meets the first list with %s keeps no node from starting, and is asked again',
    async (_name, mishap) => {
      api.mishaps.list.push(mishap, mishap)
      const { recorder, untilTold } = await start()
      expect(recorder.sets).toEqual([])
      await untilTold(...both)
      expect([recorder.failures.length, recorder.restarts]).toEqual([2, []])
    },
  )

  test.each(mishaps)('that meets a watch with %s is no news, and is asked again', async (_name, mishap) => {
    api.mishaps.watch.push(mishap)
    const { recorder } = await watching()
    expect(recorder.sets).toEqual([both, both])
    expect([recorder.failures.length, recorder.restarts]).toEqual([1, ['watch']])
  })

  test('that does not answer the first list keeps nobody waiting for longer than 10 s', async () => {
    api.mishaps.list.push('silence')
    const clock = new FakeClock()
    const { kubeconfig } = credentials(api)
    const recorder = new TopologyRecorder()
    const starting = kubernetesTopology({ service: SERVICE, kubeconfig, clock, random }).start(self, recorder)
    while (api.requests.length === 0) await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(10_000)
    started.push(await starting)
    expect(recorder.failures.map(({ message }) => message)).toEqual([expect.stringContaining('within 10000 ms')])
  })

  test('is given the time that it asks for', async () => {
    api.mishaps.watch.push({ status: 429, retryAfter: '1' })
    const since = performance.now()
    await watching()
    expect(performance.now() - since).toBeGreaterThanOrEqual(1000)
  })

  test('that is down is no news: what was found stays, until it is back and says something else', async () => {
    const { recorder, untilTold } = await watching()
    api.mishaps.list.push('reset', 'reset')
    api.mishaps.watch.push('reset', 'reset')
    api.breakConnections()
    await recorder.until(({ failures }) => failures.length >= 3)
    expect(recorder.sets).toEqual([both, both])
    api.set('otp-a', [])
    await untilTold()
    // Three failures of one watch in a row: its version is not trusted any more.
    expect(recorder.restarts).toEqual(['watch', 'watch', 'list'])
  })

  test('is not hurried by wishes to look while it is away', async () => {
    const { recorder, running } = await watching()
    api.mishaps.watch.push({ status: 429, retryAfter: '3600' })
    api.breakConnections()
    await recorder.until(({ failures }) => failures.length === 2)
    const { length } = api.requests
    for (let i = 0; i < 10; i++) running.refresh()
    await running.stop()
    expect([api.requests.length, recorder.sets.length]).toEqual([length, 2])
  })

  test('that wants another token is given the one that is in the file by then', async () => {
    const { recorder, tokenFile, untilTold } = await watching()
    api.token = 'token-2'
    api.breakConnections()
    await recorder.until(({ failures }) => failures.some(({ message }) => message.includes('answered 401')))
    writeFileSync(tokenFile, api.token)
    api.set('otp-a', pods('10.0.0.9'))
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    try {
      await untilTold('10.0.0.9:4369')
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('whatever goes wrong', () => {
  test('lines and letters that are cut anywhere are read whole', async () => {
    api.pieceBytes = 3
    api.set('otp-ü', pods('10.0.0.9'))
    const { untilTold, recorder } = await start()
    await untilTold(...both, '10.0.0.9:4369')
    await recorder.until(({ sets }) => sets.length === 2)
    api.set('otp-a', [])
    await untilTold('10.0.0.9:4369')
    expect([recorder.failures, recorder.restarts]).toEqual([[], []])
  })

  test.each(['list', 'watch'] as const)('a %s whose answer begins and then stands still is given up, and asked again', async (kind) => {
    api.mishaps[kind].push('stall')
    const clock = new FakeClock()
    const { kubeconfig } = credentials(api)
    const recorder = new TopologyRecorder()
    const hasBegun = begun(kind === 'list' ? 1 : 2)
    const starting = kubernetesTopology({ service: SERVICE, kubeconfig, clock, random }).start(self, recorder)
    // What is timed is the rest.
    await hasBegun
    for (let waited = 0; recorder.failures.length === 0 && waited < 400; waited++) await clock.advance(1000)
    expect(recorder.failures[0]?.message).toContain('no end of the answer within')
    started.push(await starting)
  })

  test('in any order and at any time, what is told in the end is what is so', async () => {
    const chance = seededRandom(testSeed)
    const { untilTold, tokenFile } = await watching()
    const hands: (() => void)[] = [
      () => api.breakConnections(),
      () => api.endWatches(),
      () => api.bookmark(),
      () => api.mishaps.watch.push('reset', { status: 410 }),
      () => api.mishaps.watch.push({ status: 500 }, 'cut'),
      () => api.mishaps.list.push({ status: 429, retryAfter: '0' }, 'reset', { status: 503 }),
      () => api.say({ type: 'ERROR', object: { code: 410, message: 'too old' } }),
      () => api.say('{"type":'),
      () => {
        api.pieceBytes = 1 + chance.int(40)
      },
      () => api.set('otp-b', pods(`10.1.0.${chance.int(9)}`)),
      () => api.set('otp-a', pods('10.0.0.1', `10.2.0.${chance.int(9)}`)),
    ]
    for (let round = 0; round < 60; round++) {
      hands[chance.int(hands.length)]?.()
      for (let turns = chance.int(8); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(readFileSync(tokenFile, 'utf8')).toBe(api.token)
    api.set('otp-b', [])
    api.set('otp-a', pods('10.9.0.1', '10.9.0.2'))
    await untilTold('10.9.0.1:4369', '10.9.0.2:4369')
  })
})

describe('stopping', () => {
  test('ends a watch that is open', async () => {
    const { running } = await watching()
    expect(api.watching).toBe(1)
    await running.stop()
    while (api.watching > 0) await new Promise((resolve) => setImmediate(resolve))
  })

  test('does not wait for an answer that never comes', async () => {
    api.mishaps.watch.push('silence')
    const { running, recorder } = await start()
    while (api.requests.length < 2) await new Promise((resolve) => setImmediate(resolve))
    await running.stop()
    expect([recorder.sets, recorder.failures]).toEqual([[both], []])
  })
})

test('a server with a certificate of its own authority is believed, and no other', async ({ skip }) => {
  const keys = makeDirectory()
  const [key, cert] = [join(keys, 'key'), join(keys, 'cert')]
  try {
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
    execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' })
  } catch (error) {
    skip(`no openssl to make a certificate with: ${(error as Error).message}`)
  }
  await api.close()
  const authority = readFileSync(cert, 'utf8')
  api = await new FakeApiServer({ key: readFileSync(key, 'utf8'), cert: authority }).start()
  api.set('otp-a', pods('10.0.0.1', '10.0.0.2'))
  const trusted = await start({}, authority)
  expect(trusted.recorder.sets[0]).toEqual(both)
  // The same without the authority.
  const config = JSON.parse(readFileSync(trusted.kubeconfig, 'utf8'))
  delete config.clusters[0].cluster['certificate-authority-data']
  const kubeconfig = join(keys, 'kubeconfig')
  writeFileSync(kubeconfig, JSON.stringify(config))
  const stranger = await start({ kubeconfig })
  expect([stranger.recorder.sets, stranger.recorder.failures[0]?.message]).toEqual([[], expect.stringContaining('self-signed certificate')])
})

describe('the options of kubernetes', () => {
  test.each([
    [{}, 'a service or a selector'],
    [{ service: 'a', selector: 'b=c' }, 'a service or a selector'],
    [{ service: 'No Service' }, 'the name of a service, got "No Service"'],
    [{ service: 'a', namespace: 'a/b' }, 'the name of a namespace, got "a/b"'],
    [{ service: 'a', port: 0 }, 'the name or the number of a port, got 0'],
  ])('cannot be %j', (options, words) => {
    expect(() => kubernetesTopology(options)).toThrow(
      expect.objectContaining({ code: 'ERR_OTP_CLUSTER_BAD_TOPOLOGY', message: expect.stringContaining(words) }),
    )
  })

  test('may name a selector, another namespace and a port', async () => {
    const { recorder } = await start({ selector: 'app=x', namespace: NAMESPACE, port: 5000 })
    expect([recorder.sets, api.queries[0]?.get('labelSelector')]).toEqual([[['10.0.0.1:5000', '10.0.0.2:5000']], 'app=x'])
  })

  test('with a kubeconfig that cannot be read, or has no context, fail at the start', async () => {
    const refused = expect.objectContaining({ code: 'ERR_OTP_CLUSTER_KUBECONFIG' })
    const made = credentials(api)
    const startWith = (kubeconfig: string) => kubernetesTopology({ service: SERVICE, kubeconfig }).start(self, new TopologyRecorder())
    await expect(startWith(`${made.kubeconfig}.none`)).rejects.toThrow(refused)
    writeFileSync(made.kubeconfig, '{}')
    await expect(startWith(made.kubeconfig)).rejects.toThrow(refused)
  })
})

test.each([
  [undefined, 0],
  ['7', 7000],
  ['Thu, 01 Jan 2026 00:00:09 GMT', 9000],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ['soon', 0],
])('Retry-After: %s is %d ms', (header, ms) => {
  expect(retryAfterMs(header, Date.UTC(2026, 0, 1))).toBe(ms)
})
