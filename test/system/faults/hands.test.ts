// The hands that break networks, tried by themselves: what they cut is cut and heals, nobody is refused, and nothing is left of them.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '#test/support/eventually.ts'
import { Network, namespaces, whyNoNetwork } from '../support/network.ts'
import { Command, endCommands, isRunning } from '../support/os.ts'

const missing = whyNoNetwork()
const PORT = 4369
let network: Network

beforeAll(async () => {
  if (missing !== undefined) return
  network = new Network(['a', 'b', 'c'])
  inside('b', 'require("node:net").createServer((socket) => socket.pipe(socket)).listen(4369)')
  await eventually('b listens', 5000, async () => (await connect('a', 'b')) === 'connected')
})
beforeEach(({ skip }) => skip(missing !== undefined, missing))
afterAll(async () => {
  await network?.remove()
  await endCommands()
})

function inside(name: string, script: string): Command {
  return new Command('ip', ['netns', 'exec', network.namespace(name), process.execPath, '-e', script])
}

/** How an attempt to connect ends: `connected`, an error's code, or `silence` after half a second. */
async function connect(from: string, to: string, port = PORT): Promise<string> {
  const script = `const socket = require('node:net').connect(${port}, '${network.host(to)}', () => end('connected'))
    const end = (how) => { console.log(how); process.exit() }
    socket.on('error', ({ code }) => end(code))
    setTimeout(end, 500, 'silence')`
  const command = ['netns', 'exec', network.namespace(from), process.execPath, '-e', script]
  return (await promisify(execFile)('ip', command)).stdout.trim()
}

test('what is dropped is silence, both ways or one way, until it heals', async () => {
  expect(await Promise.all([connect('a', 'b'), connect('c', 'b')])).toEqual(['connected', 'connected'])
  const both = network.dropBetween('a', 'b')
  expect(await Promise.all([connect('a', 'b'), connect('c', 'b')])).toEqual(['silence', 'connected'])
  both()
  expect(await connect('a', 'b')).toBe('connected')
  // Its request arrives; the answer does not.
  const answers = network.dropBetween('b', 'a', { oneWay: true })
  expect(await connect('a', 'b')).toBe('silence')
  expect([network.droppedAt('a') > 0, network.droppedAt('b')]).toEqual([true, 0])
  answers()
  answers()
  expect(await connect('a', 'b')).toBe('connected')
})

test('only a port where nobody listens is refused: a node that is cut off is not', async () => {
  expect(await connect('a', 'b', PORT + 1)).toBe('ECONNREFUSED')
  const heal = network.isolate('b')
  expect(await connect('a', 'b', PORT + 1)).toBe('silence')
  heal()
})

test('a node whose link is down is told so at once; the others hear nothing; then all is as before', async () => {
  const up = network.linkDown('a')
  expect(await Promise.all([connect('a', 'b'), connect('b', 'a')])).toEqual(['ENETUNREACH', 'silence'])
  up()
  await eventually('a reaches b again', 3000, async () => (await connect('a', 'b')) === 'connected')
})

test('connections that are broken end with a reset', async () => {
  const script = `require('node:net').connect(${PORT}, '${network.host('b')}', () => console.log('connected')).on('error', ({ code }) => console.log(code))`
  const client = inside('a', script)
  await eventually('it is connected', 3000, () => client.stdout.includes('connected'))
  network.breakConnections('b')
  expect((await client.ended).code).toBe(0)
  expect(client.stdout.trim().split('\n')).toEqual(['connected', 'ECONNRESET'])
})

test('kill -9 of whoever made a network: what ran in it ends, even if it was stopped, and the network is gone', async () => {
  const program = `import { Network } from '${new URL('../support/network.ts', import.meta.url).href}'
    import { spawn } from 'node:child_process'
    const network = new Network(['x'])
    const { pid } = spawn('ip', ['netns', 'exec', network.namespace('x'), 'sleep', '1000'])
    setTimeout(() => { process.kill(pid, 'SIGSTOP'); console.log(pid) }, 200)
    setTimeout(() => {}, 60_000)`
  const owner = new Command(process.execPath, ['--input-type=module-typescript', '-e', program])
  const pid = await eventually('it stands still', 10_000, () => Number(owner.stdout) || undefined)
  const left = () => namespaces().filter((name) => name.includes(`-${owner.pid}-`))
  expect([isRunning(pid), left().length]).toEqual([true, 2])
  owner.kill('SIGKILL')
  await eventually('nothing is left', 5000, () => !isRunning(pid) && left().length === 0)
})
