// `npm run node -- --name n3`: brings a node back into the run that `npm start` began, in the foreground of this terminal.
import { exitWithinMs } from '../shutdown-budget.ts'
import { readRejoinOptions } from './args.ts'
import { nodeEnvironment } from './environment.ts'
import { failWith, LaunchFailure } from './failure.ts'
import { checkPorts, neededPorts } from './ports.ts'
import { describeEnding, NODE_SCRIPT, Program } from './program.ts'
import { findRun, isAlive, type Run, runDirectory } from './run-directory.ts'
import { onStopSignals } from './stop-signals.ts'

const STOP_WITHIN_MS = exitWithinMs() + 1000
const POLL_MS = 1000

async function main(): Promise<void> {
  const { name, number, portBase } = readRejoinOptions(process.argv.slice(2))
  const directory = runDirectory(portBase)
  const run = await findRun(directory)
  if (run === undefined || run === 'dead') {
    const hint = 'start one with npm start, or give the --port-base that it was started with'
    throw new LaunchFailure(1, `there is no run with port base ${portBase} to bring ${name} back into; ${hint}`)
  }
  await checkNotAlive(name, number, portBase)
  const { nodes, secret } = run
  const program = new Program({
    name,
    script: NODE_SCRIPT,
    env: nodeEnvironment({ number, portBase, nodes, secret, directory }, { ...process.env, ...run.shared }),
  })
  process.stderr.write(`${name} is OS process ${program.pid}; its log follows. Ctrl-C ends it.\n`)
  let isStopping = false
  const stop = (): void => {
    isStopping = true
    void program.stop(STOP_WITHIN_MS)
  }
  onStopSignals(stop, () => program.kill('SIGKILL'))
  whenOver(run, () => {
    if (isStopping) return
    process.stderr.write(`the run that ${name} belongs to is over: stopping\n`)
    stop()
  })
  const ending = await program.ended
  if (!isStopping) process.stderr.write(`${name} ended (${describeEnding(ending)})\n`)
  process.exit(ending.code ?? 1)
}

async function checkNotAlive(name: string, number: number, portBase: number): Promise<void> {
  try {
    await checkPorts(neededPorts(portBase, [number]), 0)
  } catch (error) {
    throw new LaunchFailure(1, `${name} seems to be alive already: ${(error as Error).message.split('\n')[0]}`)
  }
}

/** A node outlives neither the process that started it nor the run that it belongs to. */
function whenOver(run: Run, onOver: () => void): void {
  const look = async (): Promise<void> => {
    if (await isAlive(run)) setTimeout(() => void look(), POLL_MS)
    else onOver()
  }
  void look()
}

main().catch(failWith)
