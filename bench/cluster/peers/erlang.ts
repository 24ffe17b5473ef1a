// Erlang's distribution: starts two BEAMs and a port mapper of their own for the measure, and ends all three.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { hostname } from 'node:os'
import { promisify } from 'node:util'
import { readFigures } from '#bench/support/child.ts'
import { runMeasure } from '#bench/support/program.ts'

const SCRIPT = 'bench/cluster/peers/call.exs'

/** A port mapper of its own: the machine's may be there or not, and is left as it is. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

await runMeasure({
  async call() {
    const env = { ...process.env, ERL_EPMD_PORT: String(await freePort()) }
    const cookie = randomBytes(8).toString('hex')
    const started: ChildProcess[] = []
    const start = (program: string, args: readonly string[]) => {
      const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
      started.push(child)
      return child
    }
    // However this program ends, the time-out of the benchmark included, nothing of it stays.
    process.on('exit', () => {
      for (const child of started) child.kill('SIGKILL')
    })
    process.once('SIGTERM', () => process.exit(1))
    start('epmd', [])
    const { stdout: ready } = start('elixir', ['--sname', 'callee', '--cookie', cookie, SCRIPT, 'serve'])
    await once(ready, 'data')
    const callee = `callee@${hostname().split('.')[0]}`
    const { stdout } = await promisify(execFile)('elixir', ['--sname', 'caller', '--cookie', cookie, SCRIPT, 'measure', callee], { env })
    return readFigures(stdout)
  },
})
