// Drills on crashes: a storm, a supervisor that gives up, a release that crashes, a slow loop.
import { again } from '../again.ts'
import type { Drill } from '../drill.ts'
import { evenOut } from '../even-out.ts'
import type { Stack } from '../stack.ts'
import { LATE_RETURN } from '../tolerated.ts'

const LOTS = { supervisor: 'node/lots' } as const

/** Crashes one lot after the other until the drill is over. */
const drip = (everyMs: number, pick: () => object) =>
  // A lot that is just being restarted is not found: the next one is.
  again(everyMs, (ground) => ground.ask('n1', '/chaos/crash-lot', pick()).catch(() => undefined))

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
const crashesOfNewVersion = drip(250, () => ({ id: ofNewVersion[turn++ % ofNewVersion.length] }))

export const supervisionDrills: readonly Drill[] = [
  {
    what: 'lots crash one after the other',
    round: 'storm',
    expects: [{ alert: 'OtpRestartStorm', severity: 'warning', labels: { ...LOTS, scope: 'supervisor' } }],
    anywhere: true,
    begin: async (ground) => void (await ground.ask('n1', '/chaos/storm', { crashes: 60, perSecond: 20 })),
  },
  {
    what: 'children of three supervisors crash at the same time',
    expects: [
      { alert: 'OtpRestartStorm', severity: 'critical', labels: { scope: 'cluster' } },
      ...[1, 2, 3].map((number) => ({
        alert: 'OtpRestartStorm' as const,
        severity: 'warning' as const,
        labels: { supervisor: `chaos-${number}` },
        inhibitedBy: 'OtpRestartStorm' as const,
      })),
    ],
    anywhere: true,
    begin: async (ground) => void (await ground.ask('n1', '/chaos/supervisors', { supervisors: 3, crashes: 60, perSecond: 20 })),
  },
  {
    what: 'lots crash faster than their supervisor allows',
    expects: [
      { alert: 'OtpSupervisorGaveUp', severity: 'critical', labels: LOTS },
      { alert: 'OtpRestartStorm', severity: 'warning', labels: LOTS, inhibitedBy: 'OtpSupervisorGaveUp' },
    ],
    mayFire: { OtpCallErrorBudgetBurn: 'who asks a supervisor that is gone is not answered' },
    anywhere: true,
    begin: async (ground) => void (await ground.ask('n1', '/chaos/storm', { crashes: 1500, perSecond: 500 })),
    // Its children went to the other nodes.
    end: evenOut,
  },
  {
    what: 'a new version of one node crashes, while the others run the old one',
    expects: [{ alert: 'OtpVersionCrashRegression', severity: 'critical', labels: { version: '2.0.0-drill' } }],
    mayFire: {
      OtpDeployInProgress: 'two versions run',
      OtpRestartStorm: 'its crashes are a storm, too',
      OtpUnevenPlacement: 'the node that came back has few lots',
    },
    mayFireInHaste: LATE_RETURN,
    begin: async (stack) => {
      await stack.end('n3', 'SIGTERM')
      await stack.rejoin('n3', { OTP_VERSION: '2.0.0-drill' })
      ofNewVersion = await lotsOn(stack, 'n3', NEW_VERSION_LOTS)
      await crashesOfNewVersion.begin(stack)
    },
    end: async (stack) => {
      await crashesOfNewVersion.end(stack)
      await stack.end('n3', 'SIGTERM')
      await stack.rejoin('n3')
      await evenOut(stack)
    },
  },
  {
    what: 'a lot crashes now and then',
    round: 'work',
    expects: [{ alert: 'OtpCrashLoopSlow', severity: 'warning', labels: LOTS }],
    anywhere: true,
    ...drip(1500, () => ({})),
  },
]
