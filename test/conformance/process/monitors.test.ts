// Monitors of processes of one node, sentence by sentence.
import { describe, expect, test } from 'vitest'
import { type DownMessage, NodeRef, Pid, type Process } from '#process'
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

describe('a monitor by a registered name', () => {
  function named(): { lab: Lab; downs: DownMessage[]; watcher: Process; watched: Process } {
    const lab = new Lab()
    const downs: DownMessage[] = []
    const watcher = lab.spawn(body((_self, { payload }) => void downs.push(payload as DownMessage)))
    const watched = lab.spawn(body())
    watched.register('clerk')
    return { lab, downs, watcher, watched }
  }

  test.each([
    ['a name of this node', () => 'clerk'],
    ['a name and this node', (lab: Lab) => new NodeRef(lab.runtime.id, 'clerk')],
  ])('sends a DOWN that says the name and the node in place of a pid: %s', async (_which, target) => {
    const { lab, downs, watcher, watched } = named()
    const ref = watcher.monitor(target(lab))
    watched.die('oops')
    await lab.settle()
    expect(downs).toEqual([{ ref, pid: undefined, name: new NodeRef(lab.runtime.id, 'clerk'), reason: 'oops' }])
  })

  test('sends noproc at once if nobody has the name', async () => {
    const { lab, downs, watcher } = named()
    const ref = watcher.monitor('nobody')
    await lab.settle()
    expect(downs).toEqual([{ ref, pid: undefined, name: new NodeRef(lab.runtime.id, 'nobody'), reason: 'noproc' }])
  })

  test('watches the process that had the name then, whoever has it later', async () => {
    const { lab, downs, watcher, watched } = named()
    watcher.monitor('clerk')
    watched.unregister()
    const next = lab.spawn(body())
    next.register('clerk')
    next.die('oops')
    await lab.settle()
    expect(downs).toEqual([])
    watched.die('shutdown')
    await lab.settle()
    expect(downs).toMatchObject([{ reason: 'shutdown' }])
  })

  test('is turned off also when the name has gone to another process', () => {
    const { lab, watcher, watched } = named()
    const ref = watcher.monitor('clerk')
    watched.unregister()
    lab.spawn(body()).register('clerk')
    expect([watcher.demonitor(ref), watched.monitoredByCount]).toEqual([true, 0])
  })
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

  test('answers what info asks for: whether the monitor was found, and so no DOWN of it has come', () => {
    const { watcher, watched } = watching()
    const ref = watcher.monitor(watched.pid)
    expect([watcher.demonitor(ref), watcher.demonitor(ref)]).toEqual([true, false])
    const fired = watcher.monitor(watched.pid)
    watched.die('oops')
    expect([watcher.demonitor(fired, { flush: true }), watcher.depth]).toEqual([false, 0])
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
