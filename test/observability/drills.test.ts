// Fire drills as they are planned and judged: every alert has one or a reason, and a drill that goes wrong is seen to.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { INHIBITIONS } from '#observability/alerts/alertmanager.ts'
import { faultsOf } from '#test/drill/campaign.ts'
import { type Drill, type Expected, roundsOf } from '#test/drill/drill.ts'
import { DRILLS, drillsOf, WITHOUT_DRILL } from '#test/drill/drills.ts'
import type { Ground } from '#test/drill/ground.ts'
import { Machine } from '#test/drill/machine.ts'
import { play } from '#test/drill/player.ts'
import { HASTY, isTolerated, STRICT_FROM } from '#test/drill/tolerated.ts'
import { hasFired, hasResolved, judge, line, type Sighting, table, unplanned } from '#test/drill/verdict.ts'
import { ALERTS, type AlertEntry, type AlertName } from '#vocabulary'
import { matches } from './support/alerting.ts'

const names = Object.keys(ALERTS) as AlertName[]
const expected = DRILLS.flatMap(({ expects }) => expects)

describe('the drills', () => {
  test.for(names)('of %s: one, or a reason why there is none', (name) => {
    expect([expected.some(({ alert }) => alert === name), name in WITHOUT_DRILL].filter(Boolean)).toHaveLength(1)
  })

  test.for(names)('are what the runbook of %s says to play', (name) => {
    const [, reproduce = ''] = readFileSync(`docs/runbooks/${name}.md`, 'utf8').split('## Reproduce')
    if (name in WITHOUT_DRILL) expect(reproduce).toContain('promtool test rules')
    else expect(reproduce).toContain(`npm run drill -- ${name}\n`)
  })

  test('expect severities that the alert has, and inhibitions that Alertmanager has', () => {
    for (const { alert, severity, labels, inhibitedBy } of expected) {
      expect((ALERTS[alert] as AlertEntry).severities).toContain(severity)
      if (inhibitedBy === undefined) continue
      const target = { alertname: alert, severity, ...labels }
      const explains = (ALERTS[inhibitedBy] as AlertEntry).severities.map((one) => ({ alertname: inhibitedBy, severity: one, ...labels }))
      const rules = INHIBITIONS.filter((rule) => matches(rule.target, target) && explains.some((source) => matches(rule.source, source)))
      expect([alert, rules.length > 0]).toEqual([alert, true])
    }
  })

  test('are played on as few stacks as their settings allow, each once', () => {
    const rounds = roundsOf(DRILLS)
    expect(rounds.flatMap(({ drills }) => drills)).toHaveLength(DRILLS.length)
    const keys = rounds.map(({ on }) => JSON.stringify(on))
    expect(keys.filter((key, index) => key !== keys[index - 1])).toHaveLength(new Set(keys).size)
  })

  test('of a round share it, and no other does', () => {
    const drill = (what: string, more: Partial<Drill> = {}): Drill => ({ what, expects: [], begin: async () => undefined, ...more })
    const drills = [drill('a', { round: 'r' }), drill('b'), drill('c', { round: 'r' }), drill('d', { round: 'r', on: { load: true } })]
    expect(roundsOf(drills).map((round) => round.drills.map(({ what }) => what))).toEqual([['a', 'c'], ['b'], ['d']])
  })

  test('are found by the alert, each alert’s first', () => {
    expect(drillsOf(['OtpQuorumLost', 'OtpPartitionSuspected'])).toHaveLength(1)
    expect(drillsOf(['all'])).toBe(DRILLS)
  })

  test('tolerate only alerts that exist', () => {
    const tolerated = [HASTY, ...DRILLS.flatMap(({ mayFire = {}, mayFireInHaste = {} }) => [mayFire, mayFireInHaste])]
    expect(tolerated.flatMap((one) => Object.keys(one)).filter((name) => !(name in ALERTS))).toEqual([])
  })

  test('tolerate nothing of what a restart under load may not cause', () => {
    const [deploy] = drillsOf(['OtpDeployInProgress'])
    expect(deploy).toMatchObject({ on: { load: true, leastFactor: STRICT_FROM }, expects: [{ alert: 'OtpDeployInProgress' }] })
    expect([deploy?.mayFire, deploy?.mayFireInHaste]).toEqual([undefined, undefined])
    const haste = Object.keys(HASTY)
    expect(haste.map((name) => isTolerated(name, STRICT_FROM))).toEqual(haste.map(() => false))
    expect(haste.map((name) => isTolerated(name, STRICT_FROM / 2))).toEqual(haste.map(() => true))
  })
})

test('a machine that has more to do than it can is no fault of a node, and excuses late event loops alone', () => {
  const excused = (load: number) => {
    const machine = new Machine(() => load)
    machine.stop()
    return (['OtpEventLoopLag', 'OtpMembersMissing'] as const).map((name) => machine.excuses(name))
  }
  expect([excused(3), excused(3.1)]).toEqual([
    [false, false],
    [true, false],
  ])
})

describe('a verdict', () => {
  const storm: Expected = { alert: 'OtpRestartStorm', severity: 'warning', labels: { supervisor: 'node/lots' } }
  const silent: Expected = { ...storm, inhibitedBy: 'OtpSupervisorGaveUp' }
  const deploy: Expected = { alert: 'OtpDeployInProgress', severity: 'info' }
  const times = { beganAt: 1000, endedAt: 10_000 }
  const seen = (more: Partial<Sighting> = {}): Sighting => ({
    labels: { alertname: 'OtpRestartStorm', severity: 'warning', supervisor: 'node/lots', cluster: 'drill' },
    firingAt: 3000,
    ...more,
  })
  const told = { toldAt: 3500, receiver: 'ticket' } as const
  const over = { resolvedAt: 12_000, resolvedToldAt: 12_500 } as const

  test('is good of what fired, was told and is over', () => {
    const good = seen({ ...told, ...over })
    expect([hasFired(storm, [good], times.beganAt), hasResolved(storm, [good])]).toEqual([true, true])
    expect(judge(storm, [good], times)).toEqual({
      alert: 'OtpRestartStorm',
      how: 'warning, ticket',
      firingAfter: 2,
      toldAfter: 2.5,
      resolvedAfter: 2,
      problem: undefined,
    })
    expect(line(judge(storm, [good], times))).toBe(
      'ok   OtpRestartStorm (warning, ticket): fault -> firing 2.0 s -> told or silenced 2.5 s; end -> resolved 2.0 s',
    )
  })

  test.for<[string, Expected, Sighting[]]>([
    ['did not fire', storm, []],
    ['did not fire', storm, [seen({ ...told, ...over, labels: { ...seen().labels, supervisor: 'node/bank' } })]],
    ['did not fire', { ...storm, severity: 'critical' }, [seen({ ...told, ...over })]],
    ['did not fire', storm, [seen({ ...told, ...over, firingAt: 900 })]],
    ['fired, but ticket was not told', storm, [seen(over)]],
    ['was told to page, not to ticket', storm, [seen({ ...told, ...over, receiver: 'page' })]],
    ['did not resolve', storm, [seen(told)]],
    ['nobody was told that it is over', storm, [seen({ ...told, resolvedAt: 12_000 })]],
    ['was not inhibited by OtpSupervisorGaveUp', silent, [seen({ ...told, ...over })]],
    ['was not inhibited by OtpSupervisorGaveUp', silent, [seen({ inhibitedAt: 3100, inhibitedBy: ['OtpNodeDown'], ...over })]],
    [
      'was told to page, though nobody has to know',
      deploy,
      [seen({ labels: { alertname: 'OtpDeployInProgress', severity: 'info' }, toldAt: 3500, receiver: 'page', ...over })],
    ],
  ])('says: %s', ([problem, one, sightings]) => {
    expect(judge(one, sightings, times)).toMatchObject({ problem })
    expect(line(judge(one, sightings, times))).toMatch(/^FAIL .*: /)
    expect(hasFired(one, sightings, times.beganAt) && hasResolved(one, sightings)).toBe(false)
  })

  test('is good of what was kept silent by what explains it', () => {
    expect(judge(silent, [seen({ inhibitedAt: 3100, inhibitedBy: ['OtpSupervisorGaveUp'], ...over })], times)).toMatchObject({
      toldAfter: 2.1,
      problem: undefined,
    })
  })

  test('on what the end of a fault causes counts from there', () => {
    expect(judge({ ...storm, isAftermath: true }, [seen({ ...told, firingAt: 11_000, resolvedAt: 12_000 })], times)).toMatchObject({
      firingAfter: 1,
    })
  })

  test('names what nobody planned, but neither what may fire nor the watchdog', () => {
    const stranger = seen({ labels: { alertname: 'OtpNodeDown' } })
    const sightings = [seen(), stranger, seen({ labels: { alertname: 'OtpWatchdog' } })]
    expect(unplanned(sightings, [storm], [])).toEqual(['{"alertname":"OtpNodeDown"}'])
    expect(unplanned(sightings, [storm], ['OtpNodeDown'])).toEqual([])
  })

  test('is a row of a table, and so is a reason', () => {
    expect(table([judge(storm, [], times)], { OtpScrapeSlow: 'takes too long' }).split('\n')).toEqual([
      'alert            severity, who is told  firing  told  resolved  verdict',
      'OtpRestartStorm  warning, ticket        -       -     -         did not fire',
      'OtpScrapeSlow    no drill               -       -     -         takes too long',
    ])
  })
})

test('a drill that cannot be begun is ended and told, and the others are played', async () => {
  const done: string[] = []
  const ground = { watch: { since: () => [] } } as unknown as Ground
  const begin = async () => {
    throw new Error('nobody answered')
  }
  const end = async () => void done.push('ended')
  const round = await play(
    [
      { what: 'a', expects: [{ alert: 'OtpNodeDown', severity: 'warning' }], begin, end },
      { what: 'b', expects: [], begin: end },
    ],
    ground,
    1,
  )
  expect(round.played.map(({ what, trouble }) => [what, trouble])).toEqual([
    ['a', 'nobody answered'],
    ['b', undefined],
  ])
  expect(done).toEqual(['ended', 'ended'])
  expect(faultsOf([round])).toEqual(['could not be played: a: nobody answered', expect.stringContaining('OtpNodeDown')])
})
