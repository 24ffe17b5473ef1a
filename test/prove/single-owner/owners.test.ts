// The checker of owners: finds every planted overlap, and none where each owner has its own time.
import { describe, expect, test } from 'vitest'
import { beginLine, endLine, type Handled, type Life, parseHandled } from './handled.ts'
import { judgeOwners } from './owners.ts'

/** A life that handled messages of `job` under these tokens, each for 1 ms from this time on. */
function life(
  id: string,
  messages: readonly (readonly [begin: number, epoch: number, more?: Partial<Handled>])[],
  pauses: Life['pauses'] = [],
): Life {
  const handled = messages.map(
    ([begin, epoch, more]): Handled => ({ name: 'job', pid: `${id}.${epoch}`, what: 'message', epoch, begin, end: begin + 1, ...more }),
  )
  return { id, handled, pauses }
}

const kindsOf = (...lives: readonly Life[]) => judgeOwners(lives).violations.map(({ kind }) => kind)

describe('one owner after the other', () => {
  test('is no overlap, also when the name comes back', () => {
    const verdict = judgeOwners([
      life('n1#1', [
        [0, 1],
        [10, 1],
        [40, 9],
      ]),
      life('n2#1', [
        [20, 5],
        [30, 5],
      ]),
    ])
    expect(verdict).toEqual({ violations: [], tenures: 3, handled: 5, overlaps: 0, late: 0, frozen: 0 })
  })

  test('has nothing to do with other names', () => {
    expect(
      kindsOf(
        life('n1#1', [
          [0, 1],
          [10, 1],
        ]),
        life('n2#1', [[5, 3, { name: 'another' }]]),
      ),
    ).toEqual([])
  })

  test('is told from a process that its own supervisor has restarted: the token is the same', () => {
    expect(
      kindsOf(
        life('n1#1', [
          [0, 4],
          [10, 4, { pid: 'the next' }],
        ]),
      ),
    ).toEqual([])
  })
})

describe('two owners in turns are found', () => {
  test('although no two messages were handled at the same time', () => {
    const verdict = judgeOwners([
      life('n1#1', [
        [0, 1],
        [20, 1],
        [40, 1],
      ]),
      life('n2#1', [
        [10, 5],
        [30, 5],
      ]),
    ])
    expect(verdict).toMatchObject({ overlaps: 1, late: 2, frozen: 0 })
    expect(verdict.violations).toEqual([
      {
        kind: 'overlap',
        at: 10,
        what: 'n1#1 (job as n1#1.1, token 1, from 0.0) handled 2 messages in 31.0 ms after n2#1 (job as n2#1.5, token 5, from 10.0) had begun',
      },
    ])
  })

  test('when one message alone reaches into the time of the next owner', () => {
    expect(
      kindsOf(
        life('n1#1', [
          [0, 1],
          [9.5, 1],
        ]),
        life('n2#1', [[10, 5]]),
      ),
    ).toEqual(['overlap'])
  })

  test('on one node: two processes of a name', () => {
    expect(
      kindsOf(
        life('n1#1', [
          [0, 1],
          [20, 1],
          [10, 4],
        ]),
      ),
    ).toEqual(['overlap'])
  })

  test('when the second has only begun, in its init', () => {
    expect(
      kindsOf(
        life('n1#1', [
          [0, 1],
          [20, 1],
        ]),
        life('n2#1', [[10, 5, { what: 'init' }]]),
      ),
    ).toEqual(['overlap'])
  })

  test('under one token', () => {
    expect(
      kindsOf(
        life('n1#1', [
          [0, 1],
          [20, 1],
        ]),
        life('n2#1', [[10, 1]]),
      ),
    ).toEqual(['overlap', 'unordered'])
  })
})

describe('an owner whose process stood still', () => {
  const stopped = [{ from: 15, to: 90 }]

  test('in the middle of a message is counted apart: its token is older', () => {
    const verdict = judgeOwners([
      life(
        'n1#1',
        [
          [0, 1],
          [14.5, 1, { end: 91 }],
        ],
        stopped,
      ),
      life('n2#1', [
        [50, 5],
        [100, 5],
      ]),
    ])
    expect(verdict).toMatchObject({ violations: [], overlaps: 0, late: 0, frozen: 1 })
  })

  test('between the check and the message is counted apart, once', () => {
    const lives = (...messages: readonly (readonly [number, number])[]) => [
      life('n1#1', [[0, 1], ...messages], stopped),
      life('n2#1', [
        [50, 5],
        [100, 5],
      ]),
    ]
    expect(judgeOwners(lives([90.2, 1]))).toMatchObject({ violations: [], frozen: 1 })
    expect(judgeOwners(lives([90.2, 1], [92, 1]))).toMatchObject({ overlaps: 1, late: 1, frozen: 1 })
    // That was a check of its own.
    expect(judgeOwners(lives([300, 1]))).toMatchObject({ overlaps: 1, late: 1, frozen: 0 })
  })

  test('between the grant of a name and its init is counted apart, however many there are; what comes later is not', () => {
    const begun = (name: string, begin: number): Handled => ({ name, pid: 'n1.1', what: 'init', epoch: 1, begin, end: begin + 0.1 })
    const late = (...handled: readonly Handled[]) => [
      { id: 'n1#1', pauses: stopped, handled },
      ...['job', 'another'].map((name) =>
        life(`n2#1 ${name}`, [
          [50, 5, { name }],
          [100, 5, { name }],
        ]),
      ),
    ]
    expect(judgeOwners(late(begun('job', 90.1), begun('another', 90.3)))).toMatchObject({ violations: [], frozen: 2 })
    expect(kindsOf(...late(begun('job', 300)))).toEqual(['unordered'])
    expect(kindsOf(...late(begun('job', 99)), life('n3#1', [[120, 7]]))).toEqual([])
    expect(kindsOf(...late(begun('job', 99), { ...begun('job', 200), what: 'message' }))).toContain('unordered')
  })

  test('is not excused for what it handles of another name', () => {
    const first = life(
      'n1#1',
      [
        [0, 1],
        [90.1, 1, { name: 'another' }],
        [91, 1],
      ],
      stopped,
    )
    expect(judgeOwners([first, life('n2#1', [[50, 5]])])).toMatchObject({ overlaps: 1, frozen: 0 })
  })

  test('by itself, as nothing but a token can prevent, is counted apart', () => {
    const verdict = judgeOwners([
      life('n1#1', [
        [0, 1],
        [14, 1, { what: 'freeze', end: 90 }],
      ]),
      life('n2#1', [
        [50, 5],
        [100, 5],
      ]),
    ])
    expect(verdict).toMatchObject({ violations: [], frozen: 1 })
  })

  test('is found when its token would not have been refused', () => {
    expect(
      kindsOf(
        life(
          'n1#1',
          [
            [0, 5],
            [14.5, 5, { end: 91 }],
          ],
          stopped,
        ),
        life('n2#1', [[50, 5]]),
      ),
    ).toEqual(['unfenced', 'unordered'])
  })
})

test('a later owner with an older token is found: an outside store would refuse the wrong one', () => {
  expect(kindsOf(life('n1#1', [[0, 5]]), life('n2#1', [[10, 4]]))).toEqual(['unordered'])
})

test('what was before the time that is asked for counts only as what others had begun', () => {
  const lives = [
    life('n1#1', [
      [0, 1],
      [20, 1],
      [100, 9],
    ]),
    life('n2#1', [[10, 5]]),
  ]
  expect(judgeOwners(lives, 50)).toMatchObject({ violations: [], tenures: 1, handled: 1 })
  expect(
    judgeOwners(
      [
        life('n1#1', [
          [0, 1],
          [60, 1],
        ]),
        life('n2#1', [[10, 5]]),
      ],
      50,
    ),
  ).toMatchObject({ overlaps: 1, late: 1 })
})

describe('what a process has written', () => {
  const message = { name: 'job-1', pid: 'n1.17.4', what: 'message', epoch: 12, begin: 33_000_000.123456 } as const
  const written = beginLine(message) + endLine(33_000_000.5)

  test('is read as it was', () => {
    const inOrder = written + beginLine({ ...message, what: 'init' }) + endLine(2) + beginLine({ ...message, what: 'freeze' }) + endLine(3)
    expect(parseHandled(inOrder, 9)).toEqual([
      { ...message, end: 33_000_000.5 },
      { ...message, what: 'init', end: 2 },
      { ...message, what: 'freeze', end: 3 },
    ])
    expect(parseHandled('', 9)).toEqual([])
  })

  test('ends where a kill ended it', () => {
    expect(parseHandled(written + beginLine({ ...message, begin: 33_000_001 }), 33_000_007)).toMatchObject([
      { end: 33_000_000.5 },
      { begin: 33_000_001, end: 33_000_007 },
    ])
    // Half a line is none.
    expect(parseHandled(`${written}m job-1 n1.1`, 9)).toHaveLength(1)
    expect(parseHandled(`${written}${beginLine(message)}e 33000`, 33_000_009)).toMatchObject([{}, { end: 33_000_009 }])
  })
})
