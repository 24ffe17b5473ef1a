// Monitors where somebody is out of reach or has ended; what monitors mean is in test/conformance/process.
import { expect, test } from 'vitest'
import { Pid, type Process } from '#process'
import { body, Lab, noting } from '#test/process/support/lab.ts'

function watching(): { lab: Lab; heard: string[]; watcher: Process; watched: Process } {
  const lab = new Lab()
  const heard: string[] = []
  return { lab, heard, watcher: lab.spawn(noting(heard)), watched: lab.spawn(body()) }
}

test('a normal end is told like any other, and the watcher lives', async () => {
  const { lab, heard, watcher, watched } = watching()
  watcher.monitor(watched.pid)
  watched.stop('normal')
  await lab.settle()
  expect(heard).toEqual(['DOWN normal'])
  expect(watcher.isAlive).toBe(true)
})

test('a monitor of a process of a node that cannot be reached fires at once with noconnection', async () => {
  const { lab, heard, watcher } = watching()
  watcher.monitor(new Pid('n2.b', 1))
  await lab.settle()
  expect(heard).toEqual(['DOWN noconnection'])
})

test('a watcher that has ended is not told, and what would reach it is no dead letter', async () => {
  const { lab, watcher, watched } = watching()
  watcher.monitor(watched.pid)
  watcher.monitor(watcher.pid)
  watcher.die('shutdown')
  watched.die('oops')
  await lab.settle()
  expect(lab.all('process.dead_letter')).toEqual([])
})

test('a monitor of a remote process is given up with its watcher, unless it has fired', () => {
  const { lab, watcher } = watching()
  const asked: string[] = []
  lab.runtime.router = {
    deliver: () => undefined,
    exit: () => undefined,
    link: () => undefined,
    unlink: () => undefined,
    monitor: (ref, to, target) => {
      asked.push(`monitor ${to}`)
      if (`${to}` === 'n2.b.1') target.down(ref, to, 'noconnection')
    },
    demonitor: (_ref, to) => asked.push(`demonitor ${to}`),
  }
  watcher.monitor(new Pid('n2.b', 1))
  watcher.monitor(new Pid('n2.b', 2))
  watcher.die('shutdown')
  expect(asked).toEqual(['monitor n2.b.1', 'monitor n2.b.2', 'demonitor n2.b.2'])
})
