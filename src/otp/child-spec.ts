// How a supervisor starts, restarts and stops one child. Pure.
import { CodedError } from '#base'
import { type ExitReason, isOrderly } from '#process'
import type { AnyBehaviour, ArgumentOf } from './behaviour.ts'

/** `permanent`: always restarted; `transient`: after an abnormal end; `temporary`: never. */
export type Restart = 'permanent' | 'transient' | 'temporary'

/** How long a child may take to end before it is killed: at once, so many ms, or for ever. */
export type Shutdown = 'brutal_kill' | 'infinity' | number

export interface ChildSpec<B extends AnyBehaviour = AnyBehaviour> {
  /** Unique under its supervisor. */
  readonly id: string
  /** The behaviour and the argument of its `init`. */
  readonly start: unknown extends ArgumentOf<B> ? readonly [B, ArgumentOf<B>?] : readonly [B, ArgumentOf<B>]
  /** Registers the child under a name of this node. */
  readonly name?: string
  /** Default `permanent`. */
  readonly restart?: Restart
  /** Default 5000 ms for a worker, `infinity` for a supervisor. */
  readonly shutdown?: Shutdown
}

const RESTARTS: readonly unknown[] = ['permanent', 'transient', 'temporary'] satisfies Restart[]

/** A specification whose behaviour's type does not matter. */
type AnySpec = Omit<ChildSpec, 'start'> & { readonly start: readonly unknown[] }

/** Throws `ERR_OTP_OTP_BAD_CHILD_SPEC` that names what is wrong. */
export function checkChildSpec(spec: AnySpec): void {
  const wrong = whatIsWrong(spec)
  if (wrong !== undefined) throw new CodedError('ERR_OTP_OTP_BAD_CHILD_SPEC', `child specification ${JSON.stringify(spec?.id)}: ${wrong}`)
}

function whatIsWrong(spec: AnySpec): string | undefined {
  if (typeof spec?.id !== 'string' || spec.id === '') return `expected id to be a string that is not empty`
  const behaviour = Array.isArray(spec.start) ? (spec.start as readonly unknown[])[0] : undefined
  if (typeof behaviour !== 'object' || behaviour === null || !('body' in behaviour)) {
    return 'expected start to be [behaviour, argument], such as [Lot, "Moon rock"]'
  }
  if (spec.restart !== undefined && !RESTARTS.includes(spec.restart)) {
    return `expected restart to be one of ${RESTARTS.join(', ')}, got ${JSON.stringify(spec.restart)}`
  }
  const { shutdown } = spec
  if (shutdown === undefined || shutdown === 'brutal_kill' || shutdown === 'infinity') return undefined
  if (typeof shutdown === 'number' && shutdown >= 0) return undefined
  return `expected shutdown to be 'brutal_kill', 'infinity' or milliseconds, got ${JSON.stringify(shutdown)}`
}

export function shutdownOf(spec: ChildSpec): Shutdown {
  return spec.shutdown ?? (spec.start[0].type === 'supervisor' ? 'infinity' : 5000)
}

/** Whether a child that ended with `reason` is started again. */
export function isRestarted(restart: Restart | undefined, reason: ExitReason): boolean {
  if (restart === 'temporary') return false
  return restart === 'transient' ? !isOrderly(reason) : true
}
