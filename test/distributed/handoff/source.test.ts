// What the source of a handoff does, for every phase and event.
import { describe, expect, test } from 'vitest'
import {
  ACTIVE_MS,
  PREPARE_MS,
  READY_MS,
  type SourceEvent,
  type SourcePhase,
  type SourceView,
  sourceStep,
} from '#src/distributed/handoff/source.ts'

const preparing: SourcePhase = { at: 'preparing', since: 1000 }
const offered: SourcePhase = { at: 'offered', progressAt: 1000 }
const committed: SourcePhase = { at: 'committed', since: 1000 }
const view = (changes: Partial<SourceView> = {}): SourceView => ({ now: 1000, standing: 'mine', isTargetAlive: true, ...changes })
const dead = { isTargetAlive: false }

type Row = [
  sentence: string,
  phase: SourcePhase,
  event: SourceEvent,
  changes: Partial<SourceView>,
  then: SourcePhase | string,
  ...actions: string[],
]

describe.each<[string, Row[]]>([
  [
    'while the state is being saved',
    [
      ['what was saved is offered', preparing, 'saved', {}, offered, 'offer'],
      ['a save that throws resumes with its own state', preparing, 'not_saved', {}, 'resumed', 'resume'],
      ['a target that dies is no reason to go on', preparing, 'changed', dead, 'resumed', 'resume'],
      ['what has ended meanwhile is stopped, and no target knows of it', preparing, 'changed', { standing: 'over' }, 'stopped', 'stop'],
      ['what is another’s meanwhile is stopped', preparing, 'saved', { standing: 'passed_on' }, 'stopped', 'stop'],
      ['what does not come to rest in time goes on where it is', preparing, 'tick', { now: 1000 + PREPARE_MS }, 'resumed', 'resume'],
      ['but not one ms earlier', preparing, 'tick', { now: 999 + PREPARE_MS }, preparing],
      [
        'what is saved at the last moment is offered all the same',
        preparing,
        'saved',
        { now: 99_000 },
        { at: 'offered', progressAt: 99_000 },
        'offer',
      ],
    ],
  ],
  [
    'while the target prepares',
    [
      ['a target that is ready is told to claim', offered, 'ready', {}, committed, 'commit'],
      ['a refusal resumes', offered, 'refused', {}, 'refused', 'abort', 'resume'],
      ['three seconds without progress resume', offered, 'tick', { now: 1000 + READY_MS }, 'resumed', 'abort', 'resume'],
      ['but not one ms earlier', offered, 'tick', { now: 999 + READY_MS }, offered],
      ['progress begins the three seconds anew', offered, 'progress', { now: 3500 }, { at: 'offered', progressAt: 3500 }],
      ['a target that dies resumes', offered, 'changed', dead, 'resumed', 'abort', 'resume'],
      ['an ended birth stops, and the target forgets', offered, 'changed', { standing: 'over' }, 'stopped', 'abort', 'stop'],
      ['who has lost the name does not commit', offered, 'ready', { standing: 'passed_on' }, 'stopped', 'abort', 'stop'],
    ],
  ],
  [
    'once it has committed',
    [
      ['a tick says commit again', committed, 'tick', {}, committed, 'commit'],
      ['a target that says ready once more has not heard it', committed, 'ready', {}, committed, 'commit'],
      ['a changed record alone says nothing again', committed, 'changed', {}, committed],
      ['an active target gets what was held', committed, 'active', { standing: 'claimed' }, 'completed', 'forward'],
      ['its record is as good as its word', committed, 'changed', { standing: 'claimed' }, 'completed', 'forward'],
      ['active counts, though the target has passed it on already', committed, 'active', { standing: 'passed_on' }, 'completed', 'forward'],
      ['passed on without a word: the queue is kept', committed, 'changed', { standing: 'passed_on' }, committed],
      ['a refusal takes the name back', committed, 'refused', {}, 'refused', 'reclaim'],
      ['so does the death of the target', committed, 'changed', dead, 'resumed', 'reclaim'],
      ['so do ten seconds of silence', committed, 'tick', { now: 1000 + ACTIVE_MS }, 'resumed', 'reclaim'],
      ['but not of a name that another has', committed, 'changed', { ...dead, standing: 'passed_on' }, 'stopped', 'stop'],
      ['a birth that has ended is stopped, and the target forgets', committed, 'changed', { standing: 'over' }, 'stopped', 'abort', 'stop'],
    ],
  ],
])('%s', (_when, rows) => {
  test.each(rows)('%s', (_sentence, phase, event, changes, then, ...actions) => {
    const step = sourceStep(phase, event, view(changes))
    expect(step.actions).toEqual(actions)
    expect(step.outcome ?? step.phase).toEqual(then)
    expect(step.phase === undefined).toBe(step.outcome !== undefined)
  })
})
