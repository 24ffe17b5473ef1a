// The topology of one host: nodes find each other through files, and what is wrong with a file harms nobody.
import { execFileSync } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { defaultRuntimeDirectory, type LocalTopologyOptions, localTopology } from '#src/cluster/topology/local.ts'
import { isSameProcess, processStartTime } from '#src/cluster/topology/os-process.ts'
import type { RunningTopology } from '#src/cluster/topology/strategy.ts'
import { TopologyRecorder, topologyContract } from '#test/contract/topology.ts'
import { FakeClock } from '#test/support/fake-clock.ts'

const self = { id: 'n1.1', address: '127.0.0.1:4001' }

/** Leaves word of a node as another OS process would: whole, by a rename. */
async function leaveWord(directory: string, id: string, entry: unknown): Promise<void> {
  const half = join(directory, `.${id}.test`)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await writeFile(half, typeof entry === 'string' ? entry : JSON.stringify(entry))
  await rename(half, join(directory, `${id}.node.json`))
}

const alive = async (id: string, address: string) => ({ id, address, osPid: process.pid, startTime: await processStartTime(process.pid) })
const portOf = (address: string) => `p${address.split(':')[1]}.1`

for (const isWatching of [true, false]) {
  topologyContract(isWatching ? 'local' : 'local, without being told of changes', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'otp-local-'))
    await leaveWord(directory, 'n2.1', await alive('n2.1', '127.0.0.1:4002'))
    return {
      strategy: localTopology({ directory, watch: isWatching, pollMs: isWatching ? 60_000 : 5 }),
      self,
      expected: ['127.0.0.1:4001', '127.0.0.1:4002'],
      appear: async (address) => leaveWord(directory, portOf(address), await alive(portOf(address), address)),
      vanish: (address) => rm(join(directory, `${portOf(address)}.node.json`)),
      close: () => rm(directory, { recursive: true }),
    }
  })
}

let directory: string
const started: RunningTopology[] = []
/** Looks are counted: none but those that the test asks for. */
const unwatched = { watch: false, clock: new FakeClock() }
const here = ['n1.1', '127.0.0.1:4001'] as const

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'otp-local-'))
})

afterEach(async () => {
  for (const running of started.splice(0)) await running.stop()
  await rm(directory, { recursive: true, force: true })
})

async function start(
  id = 'n1.1',
  address = '127.0.0.1:4001',
  options: LocalTopologyOptions = {},
): Promise<[RunningTopology, TopologyRecorder]> {
  const recorder = new TopologyRecorder()
  const running = await localTopology({ directory, clock: new FakeClock(), ...options }).start({ id, address }, recorder)
  started.push(running)
  return [running, recorder]
}

describe('nodes of one host', () => {
  test('find each other, whoever came first, and miss who has stopped', async () => {
    const [, atFirst] = await start('n1.1', '127.0.0.1:4001')
    const [second, atSecond] = await start('n2.1', '127.0.0.1:4002')
    const both = ['127.0.0.1:4001', '127.0.0.1:4002']
    expect(atSecond.sets.at(-1)).toEqual(both)
    await atFirst.until(({ sets }) => sets.at(-1)?.length === 2)
    expect(atFirst.sets.at(-1)).toEqual(both)
    await second.stop()
    await atFirst.until(({ sets }) => sets.at(-1)?.length === 1)
    expect(await readdir(directory)).toEqual(['n1.1.node.json'])
  })

  test('are found by the poll where the file system tells nothing', async () => {
    const clock = new FakeClock()
    const [, recorder] = await start('n1.1', '127.0.0.1:4001', { watch: false, clock })
    await leaveWord(directory, 'n2.1', await alive('n2.1', '127.0.0.1:4002'))
    const found = recorder.until(({ sets }) => sets.at(-1)?.length === 2)
    await clock.advance(999)
    expect(recorder.sets).toHaveLength(1)
    await clock.advance(1)
    await found
  })

  test('are told at each look, so that it is known how old the news is', async () => {
    const clock = new FakeClock()
    const [, recorder] = await start('n1.1', '127.0.0.1:4001', { watch: false, clock })
    for (const looks of [2, 3]) {
      const told = recorder.until(({ sets }) => sets.length === looks)
      await clock.advance(1000)
      await told
    }
    expect(recorder.sets).toEqual(Array.from({ length: 3 }, () => ['127.0.0.1:4001']))
  })

  test('leave word of themselves again when somebody has cleared the directory', async () => {
    const [running, recorder] = await start(...here, unwatched)
    await rm(join(directory, 'n1.1.node.json'))
    running.refresh()
    await recorder.until(({ sets }) => sets.length >= 2)
    expect(await readdir(directory)).toContain('n1.1.node.json')
  })

  test('write files that nobody else can read', async () => {
    await start()
    expect((await stat(join(directory, 'n1.1.node.json'))).mode & 0o777).toBe(0o600)
  })
})

describe('a file', () => {
  const goneOsPid = Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }))

  test('of an OS process that is gone is removed and not told', async () => {
    await leaveWord(directory, 'dead.1', { id: 'dead.1', address: '127.0.0.1:4009', osPid: goneOsPid })
    const [, recorder] = await start(...here, unwatched)
    expect(recorder.sets).toEqual([['127.0.0.1:4001']])
    expect(await readdir(directory)).toEqual(['n1.1.node.json'])
    expect(recorder.failures).toEqual([])
  })

  test.runIf(process.platform === 'linux')('of an OS pid that is another process now is removed and not told', async () => {
    await leaveWord(directory, 'dead.1', { ...(await alive('dead.1', '127.0.0.1:4009')), startTime: '1' })
    const [, recorder] = await start(...here, unwatched)
    expect(recorder.sets).toEqual([['127.0.0.1:4001']])
    expect(await readdir(directory)).toEqual(['n1.1.node.json'])
  })

  test.each([
    ['that is empty', ''],
    ['that is half written', '{"id":"bad.1","addr'],
    ['that is no object', '7'],
    ['that is null', 'null'],
    ['without an address', { id: 'bad.1', osPid: 1 }],
    ['with an address that is none', { id: 'bad.1', address: 'nowhere', osPid: 1 }],
    ['with an OS pid that would mean a group', { id: 'bad.1', address: '127.0.0.1:1', osPid: -1 }],
    ['that says it is of another node', { id: 'other.1', address: '127.0.0.1:1', osPid: 1 }],
  ])('%s is let be, and reported once until it is gone', async (_name, content) => {
    await leaveWord(directory, 'bad.1', content)
    const [running, recorder] = await start(...here, unwatched)
    running.refresh()
    await recorder.until(({ sets }) => sets.length >= 2)
    expect(recorder.sets.at(-1)).toEqual(['127.0.0.1:4001'])
    expect(recorder.failures.map(({ message }) => message)).toEqual([expect.stringContaining('bad.1.node.json is no file of a node')])
    await rm(join(directory, 'bad.1.node.json'))
    running.refresh()
    await recorder.until(({ sets }) => sets.length >= 3)
    await leaveWord(directory, 'bad.1', content)
    running.refresh()
    await recorder.until(({ failures }) => failures.length === 2)
  })

  test('of another kind is none of its business', async () => {
    await writeFile(join(directory, 'notes.txt'), 'hello')
    await writeFile(join(directory, '.n7.1.half'), '{')
    const [, recorder] = await start(...here, unwatched)
    expect([recorder.sets, recorder.failures]).toEqual([[['127.0.0.1:4001']], []])
  })

  test('that is a directory is reported and harms nobody', async () => {
    await mkdir(join(directory, 'bad.1.node.json'))
    const [, recorder] = await start(...here, unwatched)
    expect(recorder.sets).toEqual([['127.0.0.1:4001']])
    expect(recorder.failures).toHaveLength(1)
  })
})

describe('the runtime directory', () => {
  const refused = (words: string) =>
    expect.objectContaining({ code: 'ERR_OTP_CLUSTER_RUNTIME_DIRECTORY', message: expect.stringContaining(words) })

  test('is made for this user alone', async () => {
    const made = join(directory, 'deep', 'er')
    await start('n1.1', '127.0.0.1:4001', { directory: made })
    expect((await stat(made)).mode & 0o777).toBe(0o700)
  })

  test.each([0o777, 0o770, 0o702])('is refused if others may write to it (mode %o), with what to do', async (mode) => {
    await chmod(directory, mode)
    await expect(start()).rejects.toThrow(refused(`chmod 700 ${directory}`))
  })

  test('is refused if it is a link', async () => {
    const link = join(directory, 'link')
    await mkdir(join(directory, 'real'), { mode: 0o700 })
    await symlink(join(directory, 'real'), link)
    await expect(start('n1.1', '127.0.0.1:4001', { directory: link })).rejects.toThrow(refused('no directory'))
  })

  test('is refused if it belongs to another user', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('only root can give a directory away')
    await chown(directory, 12_345, 12_345)
    await expect(start()).rejects.toThrow(refused('belongs to user 12345'))
  })

  test('lies by default where the system keeps such things for this user', () => {
    expect(defaultRuntimeDirectory({ XDG_RUNTIME_DIR: '/run/user/1000' })).toBe('/run/user/1000/otp-labs')
    const own = join(tmpdir(), `otp-labs-${process.getuid?.() ?? 'user'}`)
    expect(defaultRuntimeDirectory({})).toBe(own)
    expect(defaultRuntimeDirectory({ XDG_RUNTIME_DIR: 'relative' })).toBe(own)
  })
})

describe('an OS process', () => {
  test('is the same as long as it lives', async () => {
    expect(await isSameProcess(process.pid, await processStartTime(process.pid))).toBe(true)
    expect(await isSameProcess(process.ppid, undefined)).toBe(true)
  })
})
