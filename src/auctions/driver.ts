// The load driver, a program of its own: plays bidders over HTTP until it is told to stop, and says each second how that goes.
import { systemClock } from '#otp-labs'
import { Bidders } from './load/bidders.ts'
import { readLoadOptions } from './load/options.ts'
import type { LoadReport } from './load/tally.ts'

const REPORT_MS = 1000
/** How long answers under way are waited for at the end. */
const END_WITHIN_MS = 1500

function main(): void {
  const options = readLoadOptions(process.argv.slice(2))
  const bidders = new Bidders(systemClock, options)
  // The clock's timers keep no OS process alive; an open port does.
  const { port1: alive } = new MessageChannel()
  alive.ref()
  let isStopping = false
  const stop = (): void => {
    if (isStopping) return
    isStopping = true
    bidders.stop()
    const endBy = systemClock.now() + END_WITHIN_MS
    const end = (): void => {
      if (bidders.inFlight > 0 && systemClock.now() < endBy) {
        systemClock.after(50, end)
        return
      }
      process.stdout.write(`${JSON.stringify(bidders.report())}\n`)
      process.exit(0)
    }
    end()
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop)
  // It does not outlive the process that started it, not even if that one was gone before this line.
  process.on('disconnect', stop)
  if (process.send !== undefined && !process.connected) stop()
  if (options.durationMs !== undefined) systemClock.after(options.durationMs, stop)
  const tell = (): void => {
    if (isStopping) return
    say(bidders.report())
    systemClock.after(REPORT_MS, tell)
  }
  systemClock.after(REPORT_MS, tell)
  bidders.start()
}

function say(report: LoadReport): void {
  // The channel may close while the report is on its way; the disconnect says what that means.
  if (process.send !== undefined) process.send(report, () => undefined)
  else process.stdout.write(`${JSON.stringify(report)}\n`)
}

try {
  main()
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exit(2)
}
