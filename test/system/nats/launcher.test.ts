// `npm start -- --nats`: with a server of its own, with one that is there, and where there is none.
import { readFileSync } from 'node:fs'
import { delimiter, dirname, isAbsolute } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest'
import { connectNats } from '#nats'
import { eventually } from '#test/support/eventually.ts'
import { output, type Program, programsOf } from '#test/support/programs.ts'
import { NATS_SERVER, NatsServers, NO_NATS } from '../support/nats.ts'
import { allGone, Command, Directory, endCommands } from '../support/os.ts'
import { Run } from '../support/run.ts'

const home = new Directory()

afterEach(endCommands)
afterAll(() => home.remove())

/** With the server on the PATH, as a user has it. */
const PATH = [...(isAbsolute(NATS_SERVER ?? '') ? [dirname(NATS_SERVER as string)] : []), process.env.PATH].join(delimiter)

/** The processes that this one has started, and those that they have. */
function offspringOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  return children.flatMap((child) => [child, ...offspringOf(child)])
}

const isServer = (pid: number): boolean => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('nats-server')

interface Members {
  readonly members: {
    readonly name: string
    readonly load: { readonly arbiter: { readonly name: string; readonly state: string } | null }
  }[]
}

async function expectLeases(run: Run): Promise<void> {
  const all = ['n1 nats held', 'n2 nats held', 'n3 nats held']
  await eventually('every node holds a lease', 15_000, async () => {
    const { members } = await run.get<Members>('n1', '/observer/v1/cluster')
    const leases = members.map(({ name, load }) => `${name} ${load.arbiter?.name} ${load.arbiter?.state}`)
    return all.every((lease) => leases.includes(lease))
  })
}

beforeEach((context) => context.skip(NO_NATS !== undefined, NO_NATS))

test('a server is started for the run, a node that was killed comes back by it, and it ends with the run', async () => {
  const run = await Run.start(['--no-load', '--nats'], { PATH })
  await expectLeases(run)
  const [server] = offspringOf(run.launcherPid).filter(isServer)
  expect(server).toBeDefined()
  process.kill(run.node('n3').pid, 'SIGKILL')
  const back = run.rejoin('n3')
  await eventually('n3 is back', 20_000, async () => (await run.statusOf('n3', 'n1')).some(({ status }) => status === 'up'))
  await expectLeases(run)
  back.kill('SIGTERM')
  await back.ended
  await run.stop()
  await allGone([server as number], 5000)
})

test('kill -9 of the launcher leaves no server behind', async () => {
  const run = await Run.start(['--no-load', '--nats', '--nodes', '1'], { PATH })
  const pids = [run.launcherPid, ...offspringOf(run.launcherPid)]
  expect(pids.some(isServer)).toBe(true)
  process.kill(run.launcherPid, 'SIGKILL')
  await allGone(pids, 15_000)
  await run.stop()
})

test('a server that is there is used, and left alone', async () => {
  const servers = await NatsServers.start()
  try {
    const NATS_URL = `nats://${servers.url(0)}`
    const run = await Run.start(['--no-load', '--nats', '--nodes', '1'], { PATH, NATS_URL })
    expect(offspringOf(run.launcherPid).some(isServer)).toBe(false)
    const nats = await connectNats({ servers: [NATS_URL], cluster: `run-${run.portBase}` })
    const names = await nats.names()
    expect((await names.get('name.lot-001')).value).toBeDefined()
    await run.stop()
    expect((await names.get('name.lot-001')).revision).toBeGreaterThan(0)
    await nats.close()
  } finally {
    await servers.stop()
  }
})

test('the program of the documents runs with a server', async () => {
  const servers = await NatsServers.start()
  try {
    vi.stubEnv('NATS_URL', servers.url(0))
    const [program] = programsOf([{ path: 'docs/how-to/nats.md', text: readFileSync('docs/how-to/nats.md', 'utf8') }])
    expect(await output(program as Program)).toEqual({ code: 0, stdout: '', stderr: '' })
    const nats = await connectNats({ servers: servers.urls, cluster: 'shop' })
    expect((await (await nats.names()).put('name.a', Buffer.of(1), 0)) as number).toBeGreaterThan(1)
    await nats.close()
  } finally {
    vi.unstubAllEnvs()
    await servers.stop()
  }
})

test('where there is none, it says how to get one', async () => {
  const command = new Command(process.execPath, ['src/launcher/main.ts', '--nats'], { XDG_RUNTIME_DIR: home.path, PATH: home.path })
  expect(await command.ended).toMatchObject({ code: 1 })
  expect(command.stderr).toContain('--nats: no nats-server is installed, and NATS_URL is not set')
  expect(command.stderr).toContain('https://github.com/nats-io/nats-server/releases')
})

test('a node that is to use NATS and is not told where ends with the name of the setting', async () => {
  const command = new Command(process.execPath, ['src/main.ts'], { OTP_NODE_NAME: 'n1', OTP_ARBITER: 'nats' })
  expect(await command.ended).toMatchObject({ code: 1 })
  expect(command.stderr).toContain('OTP_ARBITER=nats needs NATS_URL')
})

test('a node that cannot reach NATS ends with the address and the reason', async () => {
  const env = { OTP_NODE_NAME: 'n1', OTP_ARBITER: 'nats', NATS_URL: 'nats://127.0.0.1:1', OTP_METRICS_PORT: '0', OTP_HTTP_PORT: '0' }
  const command = new Command(process.execPath, ['src/main.ts'], env)
  expect(await command.ended).toMatchObject({ code: 1 })
  expect(command.stderr).toMatch(/ERR_OTP_NATS_CONNECT: expected a server of NATS at 127\.0\.0\.1:1, got none: .*refused/)
})
