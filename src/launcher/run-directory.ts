// A run's private directory: where its nodes find each other, its logs, and the file by which a node can be brought back into it.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { defaultRuntimeDirectory, isSameProcess, privateDirectory, processStartTime } from '#cluster'
import { LaunchFailure } from './failure.ts'

/** What `run.json` holds. */
export interface Run {
  /** Of the launcher, and its start time: OS pids are used again. */
  readonly pid: number
  readonly startTime: string | undefined
  readonly portBase: number
  readonly nodes: number
  readonly secret: string
  /** Settings that every node of it has to share. */
  readonly shared?: Readonly<Record<string, string | undefined>>
}

export function runDirectory(portBase: number): string {
  return join(defaultRuntimeDirectory(), `run-${portBase}`)
}

export const logsOf = (directory: string): string => join(directory, 'logs')

/** The run of this directory if its launcher lives; `dead`: it left its file behind. */
export async function findRun(directory: string): Promise<Run | 'dead' | undefined> {
  let text: string
  try {
    text = await readFile(join(directory, 'run.json'), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new LaunchFailure(1, `cannot read the run's file: ${(error as Error).message}`)
  }
  const run = parseRun(text)
  return run !== undefined && (await isAlive(run)) ? run : 'dead'
}

export const isAlive = ({ pid, startTime }: Run): Promise<boolean> => isSameProcess(pid, startTime)

/** Makes the directory anew, for this OS process's run. What a dead run left is removed, its logs included. */
export async function claimDirectory(directory: string, run: Omit<Run, 'pid' | 'startTime'>): Promise<void> {
  try {
    // Whoever may write to the directory above could put another one in this one's place.
    await privateDirectory(dirname(directory))
    await rm(directory, { recursive: true, force: true })
    await privateDirectory(directory)
    await mkdir(logsOf(directory), { mode: 0o700 })
    const own: Run = { pid: process.pid, startTime: await processStartTime(process.pid), ...run }
    await writeFile(join(directory, 'run.json'), `${JSON.stringify(own)}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw new LaunchFailure(1, `cannot use ${directory} for this run: ${(error as Error).message}`)
  }
}

/** The run is over; its logs stay until the next one of these ports. */
export async function releaseDirectory(directory: string): Promise<void> {
  await rm(join(directory, 'run.json'), { force: true })
}

function parseRun(text: string): Run | undefined {
  try {
    const run = JSON.parse(text) as Partial<Run>
    const isWhole = Number.isSafeInteger(run.pid) && Number.isSafeInteger(run.nodes) && typeof run.secret === 'string'
    return isWhole ? (run as Run) : undefined
  } catch {
    return undefined
  }
}
