// Whether an OS process is still the one that somebody once saw: OS pids are used again, start times are not.
import { readFile } from 'node:fs/promises'

/** Since boot, in clock ticks; `undefined` where the system does not say (no /proc) or there is no such process. */
export async function processStartTime(osPid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${osPid}/stat`, 'utf8')
    // The second field is the command in brackets and may hold anything; after its last bracket the start time is the 20th.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

/** False only if it is certain that the process is gone or is another one. */
export async function isSameProcess(osPid: number, startTime: string | undefined): Promise<boolean> {
  try {
    process.kill(osPid, 0)
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  if (startTime === undefined) return true
  const now = await processStartTime(osPid)
  return now === undefined || now === startTime
}
