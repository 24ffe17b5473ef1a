// How a supervisor starts, restarts and stops one child. Pure.
import { CodedError } from '#base'
import { type ExitReason, isOrderly, type ViaName } from '#process'
import type { AutoShutdown } from './auto-shutdown.ts'
import { type Backoff, checkBackoff } from './backoff.ts'
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
  /** Registers the child under a name of this node, or of a registry of this node (`registry.via(key)`). */
  readonly name?: string | ViaName
  /** Default `permanent`. */
  readonly restart?: Restart
  /** Default 5000 ms for a worker, `infinity` for a supervisor. */
  readonly shutdown?: Shutdown
  /** How long its `init` may take: past it the child is killed, and its start has failed with `timeout`. Default: as long as it takes. */
  readonly startTimeoutMs?: number
  /** Its end may be that of its supervisor, as `autoShutdown` there says. Not for a `permanent` child. Default `false`. */
  readonly significant?: boolean
  /** Beyond OTP: restarts of this child are spread out. Default: what its supervisor says. */
  readonly backoff?: Backoff
}

/** A specification with every default filled in, as OTP's `get_childspec` answers it. */
export interface FullChildSpec extends ChildSpec {
  readonly restart: Restart
  readonly shutdown: Shutdown
  readonly significant: boolean
  readonly type: 'worker' | 'supervisor'
}

const RESTARTS: readonly unknown[] = ['permanent', 'transient', 'temporary'] satisfies Restart[]

/** A specification whose behaviour's type does not matter. */
type AnySpec = Omit<ChildSpec, 'start'> & { readonly start: readonly unknown[] }

/**
 * Throws `ERR_OTP_OTP_BAD_CHILD_SPEC` that names what is wrong. With `autoShutdown` it also checks whether a supervisor of that kind
 * takes the specification: under `never` no child may be significant.
 */
export function checkChildSpec(spec: AnySpec, autoShutdown?: AutoShutdown): void {
  const wrong = whatIsWrong(spec, autoShutdown)
  if (wrong !== undefined) throw new CodedError('ERR_OTP_OTP_BAD_CHILD_SPEC', `child specification ${JSON.stringify(spec?.id)}: ${wrong}`)
  if (spec.backoff !== undefined) checkBackoff(spec.backoff)
}

/** Checks the children of one supervisor together: no two may have the same id. Throws as `checkChildSpec`. */
export function checkChildSpecs(specs: readonly AnySpec[], autoShutdown?: AutoShutdown, of = 'a supervisor'): void {
  const ids = new Set<string>()
  for (const spec of specs) {
    checkChildSpec(spec, autoShutdown)
    if (ids.has(spec.id)) throw new CodedError('ERR_OTP_OTP_BAD_CHILD_SPEC', `two children of ${of} have the id '${spec.id}'`)
    ids.add(spec.id)
  }
}

function whatIsWrong(spec: AnySpec, autoShutdown: AutoShutdown | undefined): string | undefined {
  if (typeof spec?.id !== 'string' || spec.id === '') return `expected id to be a string that is not empty`
  const behaviour = Array.isArray(spec.start) ? (spec.start as readonly unknown[])[0] : undefined
  if (typeof behaviour !== 'object' || behaviour === null || !('body' in behaviour)) {
    return 'expected start to be [behaviour, argument], such as [Lot, "Moon rock"]'
  }
  if (spec.restart !== undefined && !RESTARTS.includes(spec.restart)) {
    return `expected restart to be one of ${RESTARTS.join(', ')}, got ${JSON.stringify(spec.restart)}`
  }
  if (spec.significant !== undefined && spec.significant !== false) {
    if (spec.significant !== true) return `expected significant to be true or false, got ${JSON.stringify(spec.significant)}`
    if (autoShutdown === 'never') return "expected no significant child under a supervisor whose autoShutdown is 'never'"
    if ((spec.restart ?? 'permanent') === 'permanent') return 'expected a significant child to be transient or temporary, not permanent'
  }
  const { shutdown, startTimeoutMs } = spec
  if (startTimeoutMs !== undefined && !(typeof startTimeoutMs === 'number' && startTimeoutMs >= 0)) {
    return `expected startTimeoutMs to be milliseconds, got ${JSON.stringify(startTimeoutMs)}`
  }
  if (shutdown === undefined || shutdown === 'brutal_kill' || shutdown === 'infinity') return undefined
  if (typeof shutdown === 'number' && shutdown >= 0) return undefined
  return `expected shutdown to be 'brutal_kill', 'infinity' or milliseconds, got ${JSON.stringify(shutdown)}`
}

export function shutdownOf(spec: ChildSpec): Shutdown {
  return spec.shutdown ?? (spec.start[0].type === 'supervisor' ? 'infinity' : 5000)
}

export function fullChildSpec(spec: ChildSpec): FullChildSpec {
  const { restart = 'permanent', significant = false } = spec
  return { ...spec, restart, shutdown: shutdownOf(spec), significant, type: spec.start[0].type }
}

/** Whether a child that ended with `reason` is started again. */
export function isRestarted(restart: Restart | undefined, reason: ExitReason): boolean {
  if (restart === 'temporary') return false
  return restart === 'transient' ? !isOrderly(reason) : true
}
