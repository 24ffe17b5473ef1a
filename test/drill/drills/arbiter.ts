// Drills on leases: the engine that decides who owns a name stands still.
import type { Drill } from '../drill.ts'

export const arbiterDrills: readonly Drill[] = [
  {
    what: 'the engine that grants leases stands still',
    on: { settings: { OTP_ARBITER: 'nats' } },
    expects: [
      { alert: 'OtpArbiterDegraded', severity: 'warning' },
      { alert: 'OtpArbiterLeaseLost', severity: 'critical' },
    ],
    mayFire: { OtpUnevenPlacement: 'lots are claimed again by whoever has a lease first' },
    begin: async (stack) => stack.engine?.freeze(0),
    end: async (stack) => stack.engine?.thaw(0),
  },
]
