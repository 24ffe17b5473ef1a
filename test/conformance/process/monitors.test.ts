// Monitors of processes of one node, sentence by sentence.
import { describe, expect, test } from 'vitest'
import { type DownMessage, Pid, type Process } from '#process'
import { body, Lab, noting } from '#test/process/support/lab.ts'

function watching(): { lab: Lab; heard: string[]; watcher: Process; watched: Process } {
  const lab = new Lab()
  const heard: string[] = []
  return { lab, heard, watcher: lab.spawn(noting(heard)), watched: lab.spawn(body()) }
}

test('a monitor is unidirectional: the end of the watcher does not reach the watched', () => {
  const { watcher, watched } = watching()
  watcher.monitor(watched.pid)
  watcher.die('oops')
  expect(watched.isAlive).toBe(true)
})

test('DOWN carries the reference, the pid and the exit reason, and is sent once', async () => {
  const lab = new Lab()
  const downs: DownMessage[] = []
  const watcher = lab.spawn(body((_self, { payload }) => void downs.push(payload as DownMessage)))
  const watched = lab.spawn(body())
  const ref = watcher.monitor(watched.pid)
  watched.stop({ shutdown: 'done' })
  await lab.settle()
  expect(downs).toEqual([{ ref, pid: watched.pid, reason: { shutdown: 'done' } }])
})

test('the monitor of a process that does not exist sends DOWN with noproc at once', async () => {
  const { lab, heard, watcher } = watching()
  watcher.monitor(new Pid(lab.runtime.id, 4711))
  await lab.settle()
  expect(heard).toEqual(['DOWN noproc'])
})

test('several monitors of one process are independent', async () => {
  const { lab, heard, watcher, watched } = watching()
  const first = watcher.monitor(watched.pid)
  watcher.monitor(watched.pid)
  watcher.demonitor(first)
  watched.die('oops')
  await lab.settle()
  expect(heard).toEqual(['DOWN oops'])
})

test('the reason of a process that was killed is killed', async () => {
  const { lab, heard, watcher, watched } = watching()
  watcher.monitor(watched.pid)
  watcher.exit(watched.pid, 'kill')
  await lab.settle()
  expect(heard).toEqual(['DOWN killed'])
})

describe('demonitor', () => {
  test('turns a monitor off, and again does nothing', async () => {
    const { lab, heard, watcher, watched } = watching()
    const ref = watcher.monitor(watched.pid)
    watcher.demonitor(ref)
    watcher.demonitor(ref)
    watched.die('oops')
    await lab.settle()
    expect(heard).toEqual([])
  })

  test('may find a DOWN in the queue already, which stays there', async () => {
    const { lab, heard, watcher, watched } = watching()
    const ref = watcher.monitor(watched.pid)
    watched.die('oops')
    watcher.demonitor(ref)
    await lab.settle()
    expect(heard).toEqual(['DOWN oops'])
  })

  test('with flush takes such a DOWN back, wherever in the queue it is, and no other', async () => {
    const { lab, heard, watcher, watched } = watching()
    const other = lab.spawn(body())
    watcher.monitor(other.pid)
    const ref = watcher.monitor(watched.pid)
    watcher.info('before', undefined)
    other.die('other')
    watched.die('oops')
    watcher.info('after', undefined)
    watcher.demonitor(ref, { flush: true })
    await lab.settle()
    expect(heard).toEqual(['before', 'DOWN other', 'after'])
    expect(watcher.depth).toBe(0)
  })

  test('with flush of a monitor that has not fired turns it off', async () => {
    const { lab, heard, watcher, watched } = watching()
    const ref = watcher.monitor(watched.pid)
    watcher.demonitor(ref, { flush: true })
    watched.die('oops')
    await lab.settle()
    expect(heard).toEqual([])
  })
})

test('monitors are given up when their watcher ends', () => {
  const { watcher, watched } = watching()
  watcher.monitor(watched.pid)
  expect(watched.monitoredByCount).toBe(1)
  watcher.die('shutdown')
  expect(watched.monitoredByCount).toBe(0)
})
