// What drills make of what they see and hear of alerts, in whatever order it comes.
import { describe, expect, test } from 'vitest'
import type { ToldAlert } from '#test/drill/contact.ts'
import { type Routed, Sightings } from '#test/drill/sightings.ts'

const labels = { alertname: 'OtpNodeDown', instance: 'a' }
const notice = (at: number, status: ToldAlert['status'], startedAt: number) => ({
  at,
  receiver: 'ticket',
  alerts: [{ status, labels, startedAt }],
})
const routed = (more: Partial<Routed> = {}): Routed => ({
  labels,
  fingerprint: 'f',
  receivers: [{ name: 'ticket' }],
  status: { state: 'active', inhibitedBy: [] },
  ...more,
})

describe('sightings, where notices come', () => {
  test('are one from its beginning to the word of its end', () => {
    const sightings = new Sightings(true)
    sightings.firing([labels], 10)
    sightings.firing([labels], 20)
    sightings.told(notice(21, 'firing', 9))
    sightings.firing([], 30)
    sightings.told(notice(31, 'resolved', 9))
    expect(sightings.since(0)).toEqual([{ labels, firingAt: 10, toldAt: 21, receiver: 'ticket', resolvedAt: 30, resolvedToldAt: 31 }])
  })

  test('take a notice that is faster than the look for the beginning of a new one', () => {
    const sightings = new Sightings(true)
    sightings.firing([labels], 10)
    sightings.told(notice(11, 'firing', 9))
    sightings.firing([], 20)
    sightings.told(notice(21, 'resolved', 9))
    sightings.told(notice(40, 'firing', 39))
    sightings.firing([labels], 41)
    expect(sightings.since(30)).toEqual([{ labels, firingAt: 40, toldAt: 40, receiver: 'ticket' }])
  })

  test('take a notice that is slower than the look for one of what is over', () => {
    const sightings = new Sightings(true)
    sightings.firing([labels], 10)
    sightings.firing([], 20)
    sightings.told(notice(21, 'firing', 9))
    expect(sightings.since(0)).toEqual([{ labels, firingAt: 10, resolvedAt: 20, toldAt: 21, receiver: 'ticket' }])
  })

  test('are all over when the last end is told', () => {
    const sightings = new Sightings(true)
    for (const at of [10, 30]) {
      sightings.firing([labels], at)
      sightings.told(notice(at + 1, 'firing', at - 1))
      sightings.firing([], at + 10)
    }
    sightings.told(notice(50, 'resolved', 29))
    expect(sightings.since(0).map(({ resolvedToldAt }) => resolvedToldAt)).toEqual([50, 50])
  })

  test('say what kept an alert silent, by name', () => {
    const sightings = new Sightings(true)
    sightings.firing([labels], 10)
    const because = routed({ labels: { alertname: 'OtpMetricsAbsent' }, fingerprint: 'g' })
    sightings.routed([because, routed({ status: { state: 'suppressed', inhibitedBy: ['g'] } })], 12)
    expect(sightings.since(0)).toEqual([{ labels, firingAt: 10, inhibitedAt: 12, inhibitedBy: ['OtpMetricsAbsent'] }])
  })

  test('are told by notices alone', () => {
    const sightings = new Sightings(true)
    sightings.firing([labels], 10)
    sightings.routed([routed()], 12)
    expect(sightings.since(0)).toEqual([{ labels, firingAt: 10 }])
  })
})

describe('sightings, where no notices come', () => {
  test('are told when Alertmanager passes them on, and over when it has them no more', () => {
    const sightings = new Sightings(false)
    sightings.firing([labels], 10)
    sightings.routed([routed()], 12)
    sightings.firing([], 20)
    sightings.routed([routed()], 21)
    sightings.routed([], 22)
    expect(sightings.since(0)).toEqual([{ labels, firingAt: 10, toldAt: 12, receiver: 'ticket', resolvedAt: 20, resolvedToldAt: 22 }])
  })

  test('are told to nobody where nobody is the receiver', () => {
    const sightings = new Sightings(false)
    sightings.firing([labels], 10)
    sightings.routed([routed({ receivers: [{ name: 'nobody' }] })], 12)
    expect(sightings.since(0)).toEqual([{ labels, firingAt: 10 }])
  })
})
