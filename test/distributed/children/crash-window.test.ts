// Who made a supervisor give up: those that failed within its period, each once, with its last reason.
import { expect, test } from 'vitest'
import { CrashWindow } from '#src/distributed/children/crash-window.ts'

test('holds those that failed within the period, with their last reason, and forgets them when they are taken', () => {
  const window = new CrashWindow(5000)
  window.add('early', 'boom', 0)
  window.add('twice', 'boom', 100)
  window.add('twice', 'bang', 3000)
  window.add('late', 'boom', 4900)
  expect([...window.take(5000)]).toEqual([
    ['twice', 'bang'],
    ['late', 'boom'],
  ])
  expect(window.take(5000).size).toBe(0)
})

test('a long life with many crashes leaves no more than its last period', () => {
  const window = new CrashWindow(100)
  for (let at = 0; at < 100_000; at++) window.add(`child-${at}`, 'boom', at)
  expect(window.take(99_999).size).toBe(100)
})
