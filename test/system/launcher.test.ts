// `npm start` and `npm run node` as commands: what they refuse, what they say, and that nothing is left behind whichever way they end.
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { eventually } from '#test/support/eventually.ts'
import { allGone, Command, childrenOf, Directory, endCommands, freePortBase, isRunning } from './support/os.ts'
import { Run } from './support/run.ts'

const home = new Directory()

afterEach(endCommands)
afterAll(() => home.remove())

const npm = (...args: string[]) => new Command('npm', args, { XDG_RUNTIME_DIR: home.path })
/** Without npm around it. */
const launch = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  new Command(process.execPath, ['src/launcher/main.ts', ...args], { XDG_RUNTIME_DIR: home.path, ...env })

test('with load: bidders bid, and go on when a node is killed', async () => {
  const run = await Run.start()
  const accepted = () => run.metric(['n1', 'n2'], 'otp_calls_total', 'behaviour="lot"', 'outcome="ok"')
  const busy = async (least: number) => {
    const before = await accepted()
    await eventually(`${least} more calls of lots`, 10_000, async () => (await accepted()) >= before + least)
  }
  await busy(100)
  process.kill(run.node('n3').pid, 'SIGKILL')
  await busy(300)
  await run.stop()
})

test.for(['SIGTERM', 'SIGKILL'] as const)('%s of npm ends everything that it started', async (signal) => {
  const run = await Run.start(['--no-load'])
  const pids = [run.launcherPid, ...childrenOf(run.launcherPid)]
  run.command.kill(signal)
  await allGone(pids, 10_000)
  await run.stop()
})

test('kill -9 of the launcher leaves no process, and the same ports can be used again', async () => {
  const run = await Run.start()
  const launcher = run.launcherPid
  const children = childrenOf(launcher)
  // Three nodes and the bidders.
  expect(children).toHaveLength(4)
  process.kill(launcher, 'SIGKILL')
  await allGone([launcher, ...children], 10_000)
  const again = run.again(['--port-base', String(run.portBase), '--no-load', '--nodes', '1'])
  await eventually('it is ready again', 20_000, () => again.stdout.includes('1 node, ready'))
  again.kill('SIGTERM')
  await again.ended
  await run.stop()
})

test('kill -9 while it starts leaves no process', async () => {
  const portBase = await freePortBase()
  const launcher = launch(['--json', '--port-base', String(portBase)])
  const children = await eventually('its nodes are there', 5000, () => {
    const found = childrenOf(launcher.pid)
    return found.length === 3 && found
  })
  launcher.kill('SIGKILL')
  await allGone([launcher.pid, ...children], 10_000)
})

test('Ctrl-C while it starts ends everything with 0', async () => {
  const portBase = await freePortBase()
  const launcher = launch(['--port-base', String(portBase)])
  const children = await eventually('its nodes are there', 5000, () => {
    const found = childrenOf(launcher.pid)
    return found.length === 3 && found
  })
  launcher.kill('SIGINT')
  // As npm does, which passes on what the terminal has sent already.
  launcher.kill('SIGINT')
  expect((await launcher.ended).code).toBe(0)
  expect(children.filter(isRunning)).toEqual([])
})

test('a taken port is named before anything starts', async () => {
  const portBase = await freePortBase()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(portBase + 2, '127.0.0.1', resolve))
  const command = npm('start', '--', '--json', '--port-base', String(portBase))
  expect((await command.ended).code).toBe(1)
  expect(command.stderr).toContain(`port ${portBase + 2} (the HTTP of n2) is taken`)
  expect(command.stderr).toContain('--port-base')
  expect(command.stdout).not.toContain('{')
  server.close()
})

test('a second run of the same ports is refused while the first lives', async () => {
  const run = await Run.start(['--no-load', '--nodes', '1'])
  const second = run.again(['--port-base', String(run.portBase)])
  expect((await second.ended).code).toBe(1)
  expect(second.stderr).toContain(`a run with port base ${run.portBase} is alive (its launcher is OS process ${run.launcherPid})`)
  await run.stop()
})

test('a node that cannot start: the end of its log is shown, nothing is left, and it ends with 1', async () => {
  const portBase = await freePortBase()
  const command = launch(['--port-base', String(portBase)], { OTP_LOG_LEVLE: 'debug' })
  expect((await command.ended).code).toBe(1)
  expect(command.stderr).toMatch(/n[123] ended while it was started \(exit code 1\); the last lines of its log:/)
  expect(command.stderr).toContain('OTP_LOG_LEVLE is no setting; did you mean OTP_LOG_LEVEL?')
})

test('what people read: a table, things to try, a line that lives, and word of a node that died', async () => {
  const portBase = await freePortBase()
  const launcher = launch(['--no-load', '--nodes', '2', '--port-base', String(portBase)])
  await eventually('the live line', 20_000, () => launcher.stdout.includes('members 2/2 · 100 lots · 0 restarts · 0 takeovers'))
  const pid = Number(/^ {2}n2 +([0-9]+) /m.exec(launcher.stdout)?.[1])
  for (const text of [`http://127.0.0.1:${portBase + 1}/observer`, '/metrics', 'look', 'break', `kill -9 ${pid}`, 'mend', 'Ctrl-C']) {
    expect(launcher.stdout).toContain(text)
  }
  process.kill(pid, 'SIGKILL')
  await eventually('it says so', 10_000, () => launcher.stdout.includes('members 1/2 · 100 lots'))
  expect(launcher.stdout).toContain(`n2 ended (SIGKILL); to bring it back: npm run node -- --name n2 --port-base ${portBase}`)
  launcher.kill('SIGINT')
  expect((await launcher.ended).code).toBe(0)
})

test('when the last node is gone the launcher ends with 1', async () => {
  const run = await Run.start(['--no-load', '--nodes', '1'])
  const { directory } = run
  process.kill(run.node('n1').pid, 'SIGKILL')
  expect((await run.command.ended).code).toBe(1)
  expect(run.command.stderr).toContain('no node is left')
  expect(existsSync(join(directory, 'run.json'))).toBe(false)
})

test('nodes that were brought back keep the run alive when the last of those it started is gone', async () => {
  const run = await Run.start(['--no-load', '--nodes', '2'])
  for (const name of ['n1', 'n2'] as const) {
    const { pid } = run.node(name)
    process.kill(pid, 'SIGTERM')
    await allGone([pid], 60_000)
    run.rejoin(name)
    await eventually(`${name} is back`, 30_000, async () => {
      return (await run.members(name)).members.filter(({ status }) => status === 'up').length === 2
    })
  }
  expect(isRunning(run.launcherPid)).toBe(true)
  await run.stop()
})

test.for([
  [['start', '--', '--nodes', 'three'], 2, "--nodes: expected a whole number from 1 to 50, got 'three'"],
  [['start', '--', '--nodse', '3'], 2, "Unknown option '--nodse'"],
  [['run', 'node', '--', '--name', 'north'], 2, "--name: expected n1 to n50, got 'north'"],
  [['run', 'node'], 2, '--name is needed'],
] as const)('npm %o ends with %i', async ([args, code, message]) => {
  const command = npm(...args)
  expect((await command.ended).code).toBe(code)
  expect(command.stderr).toContain(message)
  expect(command.stderr).toContain('usage: npm')
})

test('a node cannot be brought back into a run that is not there', async () => {
  const portBase = await freePortBase()
  const command = npm('run', 'node', '--', '--name', 'n1', '--port-base', String(portBase))
  expect((await command.ended).code).toBe(1)
  expect(command.stderr).toContain(`there is no run with port base ${portBase} to bring n1 back into`)
})
