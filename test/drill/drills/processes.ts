// Drills on work: messages that wait, a callback that does not end, an event loop that is late, calls that fail.
import type { Drill } from '../drill.ts'

export const processesDrills: readonly Drill[] = [
  {
    what: 'a process gets more than it can do',
    round: 'storm',
    expects: [{ alert: 'OtpMailboxBacklog', severity: 'warning', labels: { behaviour: 'stone' } }],
    anywhere: true,
    begin: async (ground) => void (await ground.ask('n1', '/chaos/stones', { work: 15, ms: 1000 })),
  },
  {
    what: 'a callback does not end',
    round: 'work',
    expects: [{ alert: 'OtpProcessStuck', severity: 'warning', labels: { behaviour: 'stone' } }],
    anywhere: true,
    begin: async (ground) => void (await ground.ask('n1', '/chaos/stones', { work: 1, ms: 60_000 })),
  },
  {
    what: 'an event loop stands still again and again',
    round: 'work',
    expects: [{ alert: 'OtpEventLoopLag', severity: 'warning' }],
    anywhere: true,
    begin: async (ground) => void (await ground.ask('n1', '/chaos/block', { ms: 300, times: 30, everyMs: 1000 })),
  },
  {
    what: 'calls reach nobody',
    round: 'work',
    expects: [
      { alert: 'OtpCallErrorBudgetBurn', severity: 'critical' },
      { alert: 'OtpCallErrorBudgetBurn', severity: 'warning', inhibitedBy: 'OtpCallErrorBudgetBurn' },
    ],
    anywhere: true,
    begin: async (ground) => void (await ground.ask('n2', '/chaos/call-nobody', { calls: 300, perSecond: 20 })),
  },
]
