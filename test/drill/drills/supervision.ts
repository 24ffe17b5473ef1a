// Drills on crashes: a storm, a supervisor that gives up, a release that crashes, a slow loop.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Drill } from '../drill.ts'
import type { Stack } from '../stack.ts'
import { LATE_RETURN } from '../tolerated.ts'

const LOTS = { supervisor: 'node/lots' } as const

/** Crashes one lot after the other until the drill is over. */
function drip(everyMs: number, pick: (stack: Stack) => Promise<string | undefined>): Pick<Drill, 'begin' | 'end'> {
  let isOver = false
  let done: Promise<void> = Promise.resolve()
  const go = async (stack: Stack): Promise<void> => {
    while (!isOver) {
      const id = await pick(stack)
      // A lot that is just being restarted is not found: the next one is.
      await stack.ask('n1', '/chaos/crash-lot', id === undefined ? {} : { id }).catch(() => undefined)
      await sleep(everyMs)
    }
  }
  return {
    begin: async (stack) => {
      isOver = false
      done = go(stack)
    },
    end: async () => {
      isOver = true
      await done
    },
  }
}

/** Lots opened for the drill, until so many live on the node. */
async function lotsOn(stack: Stack, node: string, count: number): Promise<string[]> {
  const found: string[] = []
  for (let i = 0; found.length < count; i++) {
    const id = `drill-${node}-${i}`
    const answer = await stack.ask('n1', '/lots', { id, title: 'Crashes' })
    if (String(answer['node']).startsWith(node)) found.push(id)
  }
  return found
}

const NEW_VERSION_LOTS = 5
let ofNewVersion: readonly string[] = []
let turn = 0
const crashesOfNewVersion = drip(250, async () => ofNewVersion[turn++ % ofNewVersion.length])

export const supervisionDrills: readonly Drill[] = [
  {
    what: 'lots crash one after the other',
    round: 'storm',
    expects: [{ alert: 'OtpRestartStorm', severity: 'warning', labels: { ...LOTS, scope: 'supervisor' } }],
    begin: async (stack) => void (await stack.ask('n1', '/chaos/storm', { crashes: 60, perSecond: 20 })),
  },
  {
    what: 'lots crash faster than their supervisor allows',
    expects: [
      { alert: 'OtpSupervisorGaveUp', severity: 'critical', labels: LOTS },
      { alert: 'OtpRestartStorm', severity: 'warning', labels: LOTS, inhibitedBy: 'OtpSupervisorGaveUp' },
    ],
    mayFire: { OtpCallErrorBudgetBurn: 'who asks a supervisor that is gone is not answered' },
    begin: async (stack) => void (await stack.ask('n1', '/chaos/storm', { crashes: 1500, perSecond: 500 })),
  },
  {
    what: 'a new version of one node crashes, while the others run the old one',
    expects: [{ alert: 'OtpVersionCrashRegression', severity: 'critical', labels: { version: '2.0.0-drill' } }],
    mayFire: {
      ...LATE_RETURN,
      OtpDeployInProgress: 'two versions run',
      OtpRestartStorm: 'its crashes are a storm, too',
      OtpUnevenPlacement: 'the node that came back has few lots',
    },
    begin: async (stack) => {
      await stack.end('n3', 'SIGTERM')
      await stack.rejoin('n3', { OTP_VERSION: '2.0.0-drill' })
      ofNewVersion = await lotsOn(stack, 'n3', NEW_VERSION_LOTS)
      await crashesOfNewVersion.begin(stack)
    },
    end: async (stack) => {
      await crashesOfNewVersion.end?.(stack)
      await stack.end('n3', 'SIGTERM')
      await stack.rejoin('n3')
    },
  },
  {
    what: 'a lot crashes now and then',
    round: 'work',
    expects: [{ alert: 'OtpCrashLoopSlow', severity: 'warning', labels: LOTS }],
    ...drip(1500, async () => undefined),
  },
]
