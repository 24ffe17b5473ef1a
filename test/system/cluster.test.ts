// The real thing: three nodes as OS processes, killed, stopped and brought back; each test goes on from where the one before left off.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '#test/support/eventually.ts'
import { allGone, type Command, endCommands, isRunning } from './support/os.ts'
import { type RegistryName, Run } from './support/run.ts'

const LOTS = 100
/** A node that was killed is known to be gone, and what it ran lives elsewhere. */
const RECOVERED_WITHIN_MS = 3000

let run: Run
let rejoined: Command

beforeAll(async () => {
  run = await Run.start(['--no-load'])
})

afterAll(async () => {
  await endCommands()
  await run?.stop()
})

const of = (node: string, names: readonly RegistryName[]) => names.filter((entry) => entry.node === node)
const inSum = (names: readonly RegistryName[]) => new Set(names.map(({ name }) => name)).size

test('it is ready within 20 s: every node sees three members up and misses nobody', async () => {
  console.log(`ready after ${run.readyMs.toFixed(0)} ms`)
  expect(run.nodes.map(({ name }) => name)).toEqual(['n1', 'n2', 'n3'])
  for (const { name, http, metrics } of run.nodes) {
    const { members, missing } = await run.members(name)
    expect(members.map((member) => `${member.name} ${member.status}`).toSorted()).toEqual(['n1 up', 'n2 up', 'n3 up'])
    expect(missing).toEqual([])
    expect([http, metrics.endsWith('/metrics')]).toEqual([`http://127.0.0.1:${run.portBase + Number(name.slice(1))}`, true])
  }
})

test('the lots are spread over all nodes, and all nodes know the same', async () => {
  const [first, second, third] = await Promise.all(['n1', 'n2', 'n3'].map((name) => run.registry(name)))
  expect(first).toHaveLength(LOTS)
  expect([second, third]).toEqual([first, first])
  for (const name of ['n1', 'n2', 'n3']) expect(of(name, first ?? []).length).toBeGreaterThan(LOTS / 10)
})

test('a lot that crashes is restarted once, and one restart is counted', async () => {
  const restarts = () => run.metric(['n1', 'n2', 'n3'], 'otp_supervisor_restarts_total', 'cause="crash"')
  const before = await restarts()
  const { status, body } = await run.post('n2', '/chaos/crash-lot', { id: 'lot-050' })
  expect([status, body.id]).toEqual([202, 'lot-050'])
  await eventually('the restart is counted', 2000, async () => (await restarts()) === before + 1)
  await eventually('all know the new pid', 2000, async () => {
    const pids = await Promise.all(
      ['n1', 'n2', 'n3'].map(async (name) => (await run.registry(name)).find((entry) => entry.name === 'lot-050')?.pid),
    )
    return new Set(pids).size === 1 && pids[0] !== body.pid
  })
  expect(await restarts()).toBe(before + 1)
})

test('kill -9 of a node: its lots live on the others, each once, and all of it is told', async () => {
  const before = await run.registry('n1')
  const lost = of('n3', before)
  const killedAt = performance.now()
  process.kill(run.node('n3').pid, 'SIGKILL')
  const after = await eventually('survivors agree, and own everything', RECOVERED_WITHIN_MS, async () => {
    const [ofFirst, ofSecond] = await Promise.all([run.registry('n1'), run.registry('n2')])
    const isWhole = ofFirst.length === LOTS && of('n3', ofFirst).length === 0
    return isWhole && JSON.stringify(ofFirst) === JSON.stringify(ofSecond) && ofFirst
  })
  console.log(`${lost.length} of ${LOTS} lots back after ${(performance.now() - killedAt).toFixed(0)} ms`)
  expect(inSum(after)).toBe(LOTS)
  // What lived elsewhere was not touched.
  expect(after.filter(({ name }) => !lost.some((entry) => entry.name === name))).toEqual(before.filter(({ node }) => node !== 'n3'))

  const events = await run.events('n1')
  const down = events.filter(({ type, data }) => type === 'cluster.member_changed' && data.change === 'down' && data.name === 'n3')
  expect(new Set(down.map(({ node }) => node))).toEqual(new Set(['n1', 'n2']))
  const takenOver = events.filter(({ type, data }) => type === 'child.taken_over' && data.outcome === 'started')
  expect(takenOver.map(({ data }) => String(data.name)).toSorted()).toEqual(lost.map(({ name }) => name).toSorted())
  expect(await run.metric(['n1', 'n2'], 'otp_takeovers_total', 'outcome="started"')).toBe(lost.length)
  expect((await run.statusOf('n3', 'n1')).map(({ status }) => status)).toEqual(['down'])
  expect(run.command.stderr).toContain(`n3 ended (SIGKILL); to bring it back: npm run node -- --name n3 --port-base ${run.portBase}`)
})

test('npm run node brings it back as a new life, and new lots are placed there', async () => {
  const [former] = await run.statusOf('n3', 'n1')
  rejoined = run.rejoin('n3')
  await eventually('n3 is up again', 15_000, async () => {
    const lives = await run.statusOf('n3', 'n1')
    return lives.some(({ status, incarnation }) => status === 'up' && incarnation !== former?.incarnation)
  })
  await eventually('n3 answers, and all see three up', 10_000, async () => {
    const views = await Promise.all(['n1', 'n2', 'n3'].map((name) => run.members(name)))
    return views.every(({ members, missing }) => members.filter(({ status }) => status === 'up').length === 3 && missing.length === 0)
  })
  const opened = await Promise.all(Array.from({ length: 30 }, (_, index) => run.post('n1', '/lots', { id: `new-${index}`, title: 'new' })))
  expect(new Set(opened.map(({ status }) => status))).toEqual(new Set([201]))
  expect(new Set(opened.map(({ body }) => body.node))).toEqual(new Set(['n1', 'n2', 'n3']))
})

test('a node that is alive cannot be brought back', async () => {
  const command = run.rejoin('n2')
  expect((await command.ended).code).toBe(1)
  expect(command.stderr).toContain(`n2 seems to be alive already: port ${run.portBase + 2} (the HTTP of n2) is taken`)
})

test('SIGTERM of a node: it ends with 0, has left, and its lots start elsewhere', async () => {
  const before = await run.registry('n1')
  expect(of('n2', before).length).toBeGreaterThan(0)
  process.kill(run.node('n2').pid, 'SIGTERM')
  await eventually('its lots are on the others', 5000, async () => {
    const [ofFirst, ofThird] = await Promise.all([run.registry('n1'), run.registry('n3')])
    return ofFirst.length === before.length && of('n2', ofFirst).length === 0 && JSON.stringify(ofFirst) === JSON.stringify(ofThird)
  })
  await eventually('it has ended with 0', 5000, () => run.command.stderr.includes('n2 ended (exit code 0)'))
  expect((await run.statusOf('n2', 'n1')).map(({ status }) => status)).toEqual(['left'])
})

test('SIGTERM of the launcher: everything ends, in order, with 0', async () => {
  process.kill(run.launcherPid, 'SIGTERM')
  expect((await run.command.ended).code).toBe(0)
  expect(run.nodes.filter(({ pid }) => isRunning(pid))).toEqual([])
  // The node that came back belongs to the run, and ends with it.
  expect((await rejoined.ended).code).toBe(0)
  await allGone([rejoined.pid], 1000)
})
