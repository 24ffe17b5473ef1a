// supervisor: a list of children, started in order, restarted by its strategy, stopped in reverse order.
import { CodedError } from '#base'
import { Name, type Process, StartRefused, type StartResult } from '#process'
import { Child } from './child.ts'
import { type ChildSpec, checkChildSpecs } from './child-spec.ts'
import type { GenServer } from './gen-server.ts'
import { inTurn } from './in-turn.ts'
import { Ignore } from './outcome.ts'
import { type RestartOptions, restartSettings } from './restart-limits.ts'
import type { Strategy } from './restart-strategy.ts'
import { isIgnored, Supervision, type SupervisionOptions } from './supervision.ts'
import type { SupervisorProtocol } from './supervisor-protocol.ts'
import { type SupervisorState, supervisorBody } from './supervisor-server.ts'

export interface SupervisorOptions<A = undefined> extends RestartOptions {
  /** Its id in the tree, the last part of its path. */
  readonly name: string
  /** Default `one_for_one`. */
  readonly strategy?: 'one_for_one' | 'one_for_all' | 'rest_for_one'
  /** The children it starts with, or what makes them of the argument it is started with; `ignore`: it is not to start. */
  readonly children: readonly ChildSpec[] | ((argument: A) => readonly ChildSpec[] | Ignore)
}

/** A supervisor's behaviour: `call(ref, 'startChild', spec)` and the other calls of `SupervisorProtocol` are typed by it. */
export type Supervisor<A = undefined> = GenServer<A, SupervisorProtocol>

const STRATEGIES: readonly unknown[] = ['one_for_one', 'one_for_all', 'rest_for_one'] satisfies Strategy[]

/**
 * Makes the behaviour of a supervisor. A list of children is checked here, once; what a function makes is checked at each start, and a
 * specification that cannot work is the reason why the start failed.
 */
export function supervisor<A = undefined>(options: SupervisorOptions<A>): Supervisor<A> {
  const { name, strategy = 'one_for_one', children } = options
  const settings = { ...restartSettings(options), name, strategy }
  if (!STRATEGIES.includes(strategy)) {
    throw new CodedError(
      'ERR_OTP_OTP_BAD_STRATEGY',
      `expected strategy to be one of ${STRATEGIES.join(', ')}, got ${JSON.stringify(strategy)}`,
    )
  }
  const check = (specs: readonly ChildSpec[]) => checkChildSpecs(specs, settings.autoShutdown, name)
  if (typeof children !== 'function') check(children)
  const body = supervisorBody<A>({
    name: 'supervisor',
    autoShutdown: settings.autoShutdown,
    maxChildren: Number.POSITIVE_INFINITY,
    init: (argument, self) => {
      if (typeof children !== 'function') return startAll(self, settings, children)
      const made = children(argument)
      if (made instanceof Ignore) return made
      check(made)
      return startAll(self, settings, made)
    },
  })
  return { name: 'supervisor', version: '0', type: 'supervisor', body, named: (key) => new Name(key, 'supervisor') }
}

/** "Started in order from left to right"; at the first that fails those before it are stopped, and the start of the supervisor has failed. */
function startAll(self: Process, options: SupervisionOptions, specs: readonly ChildSpec[]): SupervisorState | Promise<SupervisorState> {
  const supervision = new Supervision(self, options)
  const children = specs.map((spec) => new Child(spec, supervision))
  for (const child of children) supervision.children.add(child)
  const startOne = (child: Child): void | Promise<void> => {
    const result = supervision.start(child, 'boot')
    if (result instanceof Promise) return result.then((settled) => checkStarted(supervision, child, settled))
    return checkStarted(supervision, child, result)
  }
  const undo = (error: unknown) =>
    supervision.endAll((): never => {
      throw error
    })
  return inTurn(children, startOne, () => ({ supervision }), undo)
}

function checkStarted(supervision: Supervision, child: Child, result: StartResult): void {
  if (result.ok) return
  if (!isIgnored(result)) throw new StartRefused({ shutdown: { failed_to_start_child: child.spec.id, reason: result.reason } })
  if (child.spec.restart === 'temporary') supervision.delete(child)
}
