// What may be done to a node through the observer, carried out on that node; each use is a fact.
import type { Emitter } from '#base'
import { nodeName } from '#cluster'
import { Supervision, sys } from '#otp'
import { describeExit, ExitError, type ExitReason, Pid, type Process, parsePid } from '#process'
import type { Asker, IntrospectEvents, ManageAction } from './events.ts'
import type { NodeParts } from './node-snapshot.ts'

/** What a node can do for the observer beyond what this room knows: set by who has it. Without one the answer is `not_wired`. */
export interface Controls {
  /** Gives the node's children to others; answers with what became of them. */
  drain?: (options: { readonly deadlineMs?: number | undefined }) => Promise<unknown>
  /** Takes a node back in that was drained. */
  undrain?: () => unknown
  /** The share of traces of a scope that is kept, 0 to 1; false: there is no such scope. */
  setSampling?: (scope: string, ratio: number) => boolean
  setLogLevel?: (level: string) => void
}

export type ManageRequest =
  | { readonly action: 'kill'; readonly pid: string; readonly reason: 'kill' | 'shutdown' }
  | { readonly action: 'suspend' | 'resume'; readonly pid: string }
  | { readonly action: 'restart_child'; readonly pid: string; readonly child: string }
  | { readonly action: 'release'; readonly name: string }
  | { readonly action: 'drain'; readonly deadlineMs?: number | undefined }
  | { readonly action: 'undrain' }
  | { readonly action: 'set_sampling'; readonly scope: string; readonly ratio: number }
  | { readonly action: 'set_log_level'; readonly level: string }

/** `refused`: what it was asked for is there, but not in the state for it. */
export type ManageResult =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly reason: 'not_found' | 'refused' | 'not_wired' | 'timeout' | 'failed'; readonly detail: string }

const done = (result: unknown = null): ManageResult => ({ ok: true, result })
const refused = (detail: string): ManageResult => ({ ok: false, reason: 'refused', detail })
const notFound = (detail: string): ManageResult => ({ ok: false, reason: 'not_found', detail })
const notWired = (what: string): ManageResult => ({ ok: false, reason: 'not_wired', detail: `this node has nothing that could ${what}` })

export class ControlDesk {
  readonly #parts: NodeParts
  readonly #events: Emitter<IntrospectEvents>

  constructor(parts: NodeParts) {
    this.#parts = parts
    // The node's stream carries the facts of every room.
    this.#events = parts.runtime.events as unknown as Emitter<IntrospectEvents>
  }

  async manage(request: ManageRequest, asker: Asker): Promise<ManageResult> {
    const result = await this.#carryOut(request).catch(failure)
    this.state(request.action, targetOf(request, this.#parts.cluster.id), asker, result.ok ? 'ok' : result.reason)
    return result
  }

  /** States that somebody did something. */
  state(action: ManageAction, target: string, asker: Asker, outcome: string): void {
    const { clock, tracing } = this.#parts.runtime
    this.#events.emit('observer.managed', { ...asker, action, target, outcome, at: clock.wall(), trace: tracing?.current() })
  }

  async #carryOut(request: ManageRequest): Promise<ManageResult> {
    const { controls, relocator } = this.#parts
    switch (request.action) {
      case 'kill':
        return this.#on(request.pid, async ({ runtime, pid }) => {
          if (request.reason === 'kill') runtime.exit(pid, pid, 'kill')
          else await sys(runtime).terminate(pid, request.reason)
          return done()
        })
      case 'suspend':
      case 'resume':
        return this.#on(request.pid, async ({ runtime, pid, body }) => {
          // A supervisor that hears nothing starts nothing again.
          if (body.supervises === true && request.action === 'suspend') return refused(`${pid} is a supervisor`)
          await sys(runtime)[request.action](pid)
          return done()
        })
      case 'restart_child':
        return this.#supervisor(request.pid, (process) => this.#restartChild(process, request.child))
      case 'release':
        return relocator.release(request.name) === undefined ? notFound(`${request.name} is not quarantined`) : done()
      case 'drain':
        return controls.drain === undefined ? notWired('drain it') : done(await controls.drain(request))
      case 'undrain':
        return controls.undrain === undefined ? notWired('take it back in') : done(await controls.undrain())
      case 'set_sampling':
        if (controls.setSampling === undefined) return notWired('change what is sampled')
        return controls.setSampling(request.scope, request.ratio) ? done() : notFound(`there is no scope ${request.scope}`)
      case 'set_log_level':
        if (controls.setLogLevel === undefined) return notWired('change its log level')
        controls.setLogLevel(request.level)
        return done()
    }
  }

  /** What a part of the node supervises is not. */
  #supervisor(pid: string, act: (process: Process) => Promise<ManageResult>): ManageResult | Promise<ManageResult> {
    const process = this.#parts.runtime.lookup(parsePid(pid))
    return process === undefined ? notFound(`there is no process ${pid}`) : act(process)
  }

  #on(pid: string, act: (process: Process) => ManageResult | Promise<ManageResult>): ManageResult | Promise<ManageResult> {
    const process = this.#parts.runtime.lookup(parsePid(pid))
    if (process === undefined) return notFound(`there is no process ${pid}`)
    return isOfTheNode(process) ? refused(`${pid} is a part of the node itself; drain or stop the node instead`) : act(process)
  }

  /** As its supervisor does it when the child crashes: the specification stays. A dynamic supervisor's is ended so that it is started again. */
  async #restartChild(process: Process, id: string): Promise<ManageResult> {
    const { supervision } = (process.state ?? {}) as { supervision?: unknown }
    if (!(supervision instanceof Supervision)) return refused(`${process.pid} is no supervisor`)
    const child = supervision.children.get(id)
    if (child === undefined) return notFound(`${supervision.path} has no child ${id}`)
    if (isNodeName(child.spec.name)) return refused(`${id} is a part of the node itself`)
    if (supervision.isDynamic) {
      const { pid } = child
      if (pid === undefined) return refused(`${id} does not run; it is about to be started again`)
      if (child.spec.restart === 'temporary') return refused(`${id} is temporary: it would not be started again`)
      process.runtime.exit(pid, pid, 'kill')
      return done({ pid: null })
    }
    const { runtime } = process
    const terminated = (await runtime.call(process.pid, 'terminateChild', id)) as { ok: boolean }
    if (!terminated.ok) return notFound(`${supervision.path} has no child ${id}`)
    const started = (await runtime.call(process.pid, 'restartChild', id)) as { ok: boolean; pid?: Pid; reason?: ExitReason }
    if (started.ok) return done({ pid: started.pid instanceof Pid ? started.pid.toString() : null })
    return refused(`${id} was ended and did not start: ${describeExit(started.reason ?? 'unknown')}`)
  }
}

/** Local names of the node's own processes. */
const isNodeName = (name: unknown): boolean => typeof name === 'string' && name.startsWith('otp.')

/** Without it there is no node, or nobody to undo what was done. */
function isOfTheNode({ registeredName, body, origin }: Process): boolean {
  return isNodeName(registeredName) || (body.supervises === true && origin.supervisor === undefined)
}

function failure(error: unknown): ManageResult {
  if (!(error instanceof ExitError)) return { ok: false, reason: 'failed', detail: String(error) }
  const detail = describeExit(error.reason)
  if (error.reason === 'timeout') return { ok: false, reason: 'timeout', detail: 'it did not come to it in time; it may do so yet' }
  return error.reason === 'noproc' ? notFound('the process has ended') : { ok: false, reason: 'refused', detail }
}

function targetOf(request: ManageRequest, node: string): string {
  if ('child' in request) return `${request.pid} ${request.child}`
  if ('pid' in request) return request.pid
  return 'name' in request ? request.name : nodeName(node)
}
