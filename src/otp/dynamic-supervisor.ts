// DynamicSupervisor: children started one by one while it runs, restarted one for one, stopped all at once.
import { CodedError } from '#base'
import { type ExitReason, Name, type Pid } from '#process'
import { type RestartOptions, restartSettings } from './restart-limits.ts'
import { Supervision } from './supervision.ts'
import type { Supervisor } from './supervisor.ts'
import { supervisorBody } from './supervisor-server.ts'

export interface DynamicSupervisorOptions extends RestartOptions {
  /** Its id in the tree, the last part of its path. */
  readonly name: string
  /** Default: no limit. */
  readonly maxChildren?: number
  /** Come before the argument of each child: its `init` gets `[...extraArguments, argument]`. */
  readonly extraArguments?: readonly unknown[]
  /** Told when a child runs again under a new pid, and when one is gone for good. */
  readonly onRestarted?: (id: string, pid: Pid) => void
  readonly onGone?: (id: string, reason: ExitReason) => void
  /** Told of each failure of a child that counts for the limits, and whether it is the one that makes the supervisor give up. */
  readonly onFailure?: (id: string, reason: ExitReason, isOneTooMany: boolean) => void
}

/**
 * Makes the behaviour of a dynamic supervisor, OTP's `simple_one_for_one`: it starts without children, and they have no order. Ids are
 * unique under it: a second start answers `already_started`. A child that is not started again is forgotten.
 */
export function dynamicSupervisor(options: DynamicSupervisorOptions): Supervisor {
  const { maxChildren = Number.POSITIVE_INFINITY } = options
  const settings = { ...options, ...restartSettings(options), strategy: 'simple_one_for_one' as const }
  if (!(maxChildren >= 0)) {
    throw new CodedError('ERR_OTP_OTP_BAD_RESTART_LIMITS', `expected maxChildren to be a number from 0, got ${maxChildren}`)
  }
  const body = supervisorBody<undefined>({
    name: 'dynamic_supervisor',
    autoShutdown: settings.autoShutdown,
    maxChildren,
    init: (_argument, self) => ({ supervision: new Supervision(self, settings) }),
  })
  return { name: 'dynamic_supervisor', version: '0', type: 'supervisor', body, named: (key) => new Name(key, 'dynamic_supervisor') }
}
