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

/** npm starts a shell that starts this: a signal to npm ends the shell, and nobody passes it on; npm's own end is seen at the shell. */
function onNpmGone(stop: () => void): void {
  const parent = process.ppid
  const before = parentOf(parent)
  const timer = setInterval(() => {
    // Whoever started npm may go: only a shell between npm and this is looked at.
    const isHeld = process.ppid === parent && (!before.isShell || parentOf(parent).pid === before.pid)
    if (isHeld) return
    clearInterval(timer)
    stop()
  }, POLL_MS)
  timer.unref()
}

/** The parent of an OS process, and whether the process is a shell; neither is known where there is no /proc. */
function parentOf(pid: number): { readonly pid: number | undefined; readonly isShell: boolean } {
  try {
    // The command is in brackets and may hold anything; after it come the state and the parent.
    const [, command, rest] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return { pid: Number(rest?.split(' ')[1]), isShell: command?.endsWith('sh') === true }
  } catch {
    return { pid: undefined, isShell: false }
  }
}
