// What the target of a handoff does, for every phase and event.
import { expect, test } from 'vitest'
import { type TargetAction, type TargetEvent, type TargetPhase, type TargetView, targetStep } from '#src/distributed/handoff/target.ts'

const view: TargetView = { isSourceAlive: true, mayOwn: true, wouldWin: true }
const orphaned = { isSourceAlive: false }
type Phase = TargetPhase | undefined

test.each<[string, Phase, TargetEvent, Partial<TargetView>, Phase, ...TargetAction[]]>([
  ['a state that is loaded makes it ready', 'loading', 'loaded', {}, 'warm', 'ready'],
  ['what cannot be loaded is refused', 'loading', 'not_loaded', {}, undefined, 'refuse', 'discard'],
  ['a source that dies leaves nothing behind', 'loading', 'changed', orphaned, undefined, 'discard'],
  ['an abort is obeyed while it loads', 'loading', 'abort', {}, undefined, 'discard'],
  ['a commit before it is ready is refused', 'loading', 'commit', {}, undefined, 'refuse', 'discard'],
  ['a tick while it loads says nothing', 'loading', 'tick', {}, 'loading'],
  ['ready is said again at every tick', 'warm', 'tick', {}, 'warm', 'ready'],
  ['a commit claims the name', 'warm', 'commit', {}, 'done', 'claim'],
  ['a commit that comes too late is refused', 'warm', 'commit', { wouldWin: false }, undefined, 'refuse', 'discard'],
  ['a node that leaves meanwhile refuses', 'warm', 'commit', { mayOwn: false }, undefined, 'refuse', 'discard'],
  ['an abort is obeyed while it is warm', 'warm', 'abort', {}, undefined, 'discard'],
  ['without its source it never runs', 'warm', 'changed', orphaned, undefined, 'discard'],
  ['a second commit gets the same answer', 'done', 'commit', {}, 'done', 'activate'],
  ['it runs whatever becomes of the source', 'done', 'changed', orphaned, 'done'],
  ['an abort that comes too late changes nothing', 'done', 'abort', {}, 'done'],
  ['a commit for an unknown handoff is refused', undefined, 'commit', {}, undefined, 'refuse'],
  ['an abort for an unknown handoff is nothing', undefined, 'abort', {}, undefined],
])('%s', (_sentence, phase, event, changes, then, ...actions) => {
  expect(targetStep(phase, event, { ...view, ...changes })).toEqual({ phase: then, actions })
})
