// The process on each node that answers what other nodes and HTTP want to know of it, and does there what an operator asks for.
import { nodeName } from '#cluster'
import { type Behaviour, genServer, noReply, type Self } from '#otp'
import { Crash } from '#process'
import { ControlDesk } from './controls.ts'
import type { EventLog } from './event-log.ts'
import { MessageTraces } from './message-trace.ts'
import { nodeAnswers } from './node-answers.ts'
import { LoadMeter, type NodeTallies } from './node-load.ts'
import type { NodeParts } from './node-snapshot.ts'
import type { ObserverCalls } from './observer-calls.ts'
import { ProcessWalk } from './process-walk.ts'
import { SharedAnswers } from './shared-answers.ts'

/** How old the answer to a question that needs a walk over processes may be, and that to any other. */
const WALK_REFRESH_MS = 1000
export const REFRESH_MS = 250

/** Each answer is worked out beside the others: a long walk keeps nobody from a short question. */
export function observerServer(parts: NodeParts, log: EventLog, tallies: NodeTallies): Behaviour<unknown> {
  const { runtime, cluster } = parts
  const tools = {
    parts,
    log,
    load: new LoadMeter(parts, tallies),
    walk: new ProcessWalk(runtime, parts.history),
    desk: new ControlDesk(parts),
    traces: new MessageTraces(runtime),
  }
  const answers = nodeAnswers(tools)
  const shared = new SharedAnswers(runtime.clock)

  const later =
    <P>(work: (payload: P) => unknown) =>
    (state: undefined, payload: P, self: Self) => {
      const { from } = self
      if (from === undefined) return noReply(state)
      // A defect of an answer is its asker's to hear of, and no reason to end the observer.
      void answered(work, payload).then(
        (answer) => self.reply(from, answer),
        (error: unknown) => from.fail(new Crash(error)),
      )
      return noReply(state)
    }
  const once = <C extends keyof ObserverCalls>(name: C, refreshMs: number) => {
    const answer = answers[name] as (payload: ObserverCalls[C]['payload']) => unknown
    return later((payload: ObserverCalls[C]['payload']) =>
      shared.ask(`${name} ${JSON.stringify(payload) ?? ''}`, refreshMs, async () => answer(payload)),
    )
  }

  return genServer({
    name: 'observer',
    init: () => undefined,
    calls: {
      summary: once('summary', REFRESH_MS),
      node: once('node', REFRESH_MS),
      supervisors: once('supervisors', REFRESH_MS),
      tree: once('tree', REFRESH_MS),
      processes: once('processes', WALK_REFRESH_MS),
      process: once('process', REFRESH_MS),
      state: once('state', REFRESH_MS),
      // Not remembered: a question may be as long as a list.
      stateBytes: later(answers.stateBytes),
      moves: once('moves', REFRESH_MS),
      crashes: once('crashes', REFRESH_MS),
      events: later(answers.events),
      manage: later(answers.manage),
      traceBegin: later(answers.traceBegin),
      traceRead: later(answers.traceRead),
      traceEnd: later(answers.traceEnd),
    },
    // Its own work is no state of anybody's.
    observe: { state: () => ({ node: nodeName(cluster.id) }) },
  })
}

async function answered<P>(work: (payload: P) => unknown, payload: P): Promise<unknown> {
  return work(payload)
}
