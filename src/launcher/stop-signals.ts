// What ends a program of the launcher: signals, of which a second one hastens, and the end of the npm that started it.
import { readFileSync } from 'node:fs'

/** Ctrl-C under npm comes twice, from the terminal and from npm: what follows so soon is the same wish. */
const SAME_WISH_MS = 700
const POLL_MS = 500

/** A closed terminal counts as a wish to stop, too. */
export function onStopSignals(stop: () => void, hasten: () => void): void {
  let firstAt: number | undefined
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (firstAt === undefined) {
        firstAt = performance.now()
        stop()
      } else if (performance.now() - firstAt > SAME_WISH_MS) hasten()
    })
  }
  if (process.env.npm_lifecycle_event !== undefined) onNpmGone(stop)
}

/** npm starts a shell that starts this: a signal to npm ends the shell, and nobody passes it on. */
function onNpmGone(stop: () => void): void {
  const shell = process.ppid
  const npm = parentOf(shell)
  const timer = setInterval(() => {
    if (process.ppid === shell && parentOf(shell) === npm) return
    clearInterval(timer)
    stop()
  }, POLL_MS)
  timer.unref()
}

/** `undefined` where the system does not say: there is no /proc. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // After the command, which is in brackets and may hold anything: the state, then the parent.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}
