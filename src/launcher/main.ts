// `npm start`: a cluster on this machine, each node an OS process, bidders that keep it busy, and a line that says how it is.
import { type LaunchOptions, readLaunchOptions } from './args.ts'
import { Deployment } from './deployment.ts'
import { failWith } from './failure.ts'
import { clusterStatus } from './observe.ts'
import { describeEnding } from './program.ts'
import { liveLine, rejoinCommand, Screen, table, thingsToTry } from './screen.ts'
import { onStopSignals } from './stop-signals.ts'

const LIVE_MS = 3000

async function main(): Promise<void> {
  const startedAt = performance.now()
  const options = readLaunchOptions(process.argv.slice(2))
  const deployment = new Deployment(options)
  // Standard output is for the line of JSON alone.
  const screen = new Screen(options.json ? process.stderr : process.stdout)
  let isReady = false
  let isStopping = false
  const stop = async (why: string, exitCode: number): Promise<void> => {
    if (isStopping) return
    isStopping = true
    screen.live('')
    screen.line(why)
    await deployment.stop()
    process.exit(exitCode)
  }
  onStopSignals(
    () => void stop('stopping …', 0),
    () => deployment.hasten(),
  )
  // Whoever read it is gone: `npm start | head`.
  process.stdout.on('error', () => void stop('nobody reads what is written here any more: stopping …', 0))
  deployment.onEnded = (program, ending) => {
    // Until everything is ready, that is the start's failure.
    if (!isReady) return
    const isNode = deployment.isNode(program)
    const mend = isNode ? `; to bring it back: ${rejoinCommand(program.name, options.portBase)}` : '; its log says why'
    screen.line(`${program.name} ended (${describeEnding(ending)})${mend}`)
  }
  try {
    await deployment.start()
  } catch (error) {
    // A start that was stopped meanwhile has not failed.
    if (isStopping) return
    isStopping = true
    await deployment.stop()
    failWith(error)
  }
  if (isStopping) return
  isReady = true
  tell(deployment, options, performance.now() - startedAt)
  keepLooking(deployment, options, screen, {
    isStopping: () => isStopping,
    onEmpty: () => void stop('no node is left', 1),
  })
}

function tell(deployment: Deployment, { json, portBase }: LaunchOptions, readyInMs: number): void {
  const { nodes, logs } = deployment
  if (json) process.stdout.write(`${JSON.stringify({ nodes, logs })}\n`)
  else process.stdout.write(`\n${table(nodes, logs, readyInMs)}\n\n${thingsToTry(nodes, portBase)}\n\n`)
}

/** Nodes that were brought back by others are not the deployment's own: whether any is left, the nodes say. */
function keepLooking(
  deployment: Deployment,
  { json }: LaunchOptions,
  screen: Screen,
  { isStopping, onEmpty }: { readonly isStopping: () => boolean; readonly onEmpty: () => void },
): void {
  const addresses = deployment.nodes.map(({ http }) => http)
  const next = async (): Promise<void> => {
    const status = json && deployment.isRunning ? undefined : await clusterStatus(addresses)
    if (isStopping()) return
    if (status === undefined && !deployment.isRunning) return onEmpty()
    if (!json) screen.live(liveLine(status, addresses.length, deployment.load))
    setTimeout(() => void next(), LIVE_MS)
  }
  void next()
}

main().catch(failWith)
