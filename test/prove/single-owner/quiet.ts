// When nothing goes wrong any more: every name runs exactly once, all agree where, and whoever asks it is answered by that one.

import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { monotonic } from '#test/system/support/monotonic.ts'
import { now } from '../own-time.ts'
import type { Arena } from './arena.ts'
import { NAMES, NODES } from './schedule.ts'

/** A machine on which nodes stand still for longer than their leases are long gives them no chance; this is for all others. */
const QUIET_WITHIN_MS = 120_000
const LOOK_EVERY_MS = 250
/** Its ticks come every 20 ms: a process that handles nothing for so long does not run. */
const WATCHED_MS = 400

/** Resolves with what is wrong still when there has been time enough, or with nothing. Of the names that are gone these are started again. */
export async function whatIsNotQuiet(arena: Arena, forgettable: ReadonlySet<string>): Promise<string | undefined> {
  const deadline = now() + QUIET_WITHIN_MS
  let before: string | undefined
  for (;;) {
    const wrong = await whatIsWrong(arena, forgettable).catch((error: Error) => error.message)
    if (wrong !== before) arena.note(wrong === undefined ? 'all is quiet' : `not quiet yet: ${wrong}`)
    before = wrong
    if (wrong === undefined || now() > deadline) return wrong
    await sleep(LOOK_EVERY_MS)
  }
}

async function whatIsWrong(arena: Arena, forgettable: ReadonlySet<string>): Promise<string | undefined> {
  const nodes = NODES.map((name) => arena.node(name))
  const [view, ...others] = await Promise.all(nodes.map((node) => node.ask('look', undefined)))
  if (view === undefined || view.alive.length !== NODES.length) return `${nodes[0]?.id} sees ${view?.alive.join(', ')}`
  for (const [index, other] of others.entries()) {
    const who = nodes[index + 1]?.id
    if (!isDeepStrictEqual(view.alive.toSorted(), other.alive.toSorted())) return `${who} sees ${other.alive.join(', ')}`
    const differing = NAMES.find((name) => view.owners[name] !== other.owners[name])
    if (differing !== undefined)
      return `${who} sees ${differing} at ${other.owners[differing]}, ${nodes[0]?.id} at ${view.owners[differing]}`
  }
  const missing = NAMES.filter((name) => view.owners[name] === undefined)
  if (missing.length > 0) {
    const names = missing.filter((name) => forgettable.has(name))
    if (names.length > 0) await nodes[0]?.ask('start', { names })
    return `nobody has ${missing.join(', ')}`
  }
  for (const node of nodes) {
    const answers = await node.ask('call', undefined)
    for (const name of NAMES) {
      const answer = answers[name]
      if (answer === undefined || 'failure' in answer) return `${name}, asked at ${node.id}: ${answer?.failure}`
      if (!view.owners[name]?.startsWith(`${answer.node}.`))
        return `${name} is answered by ${answer.node}, and owned by ${view.owners[name]}`
    }
  }
  const from = monotonic()
  await sleep(WATCHED_MS)
  return notOnce(arena, from)
}

/** By what has handled messages since. */
function notOnce(arena: Arena, from: number): string | undefined {
  const handled = arena.lives().flatMap((life) => life.handled.filter(({ begin }) => begin >= from).map(({ name, pid }) => ({ name, pid })))
  const pids = new Map(NAMES.map((name) => [name, new Set(handled.filter((each) => each.name === name).map(({ pid }) => pid))]))
  const wrong = [...pids].find(([, running]) => running.size !== 1)
  return wrong === undefined ? undefined : `${wrong[0]} runs ${wrong[1].size} times: ${[...wrong[1]].join(', ')}`
}
