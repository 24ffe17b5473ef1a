// Monitors: the info DOWN comes once, whatever happens to the watched.
import { expect, test } from 'vitest'
import { type DownMessage, type Envelope, Pid, type Process } from '#process'
import { body, Lab, noting } from '#test/process/support/lab.ts'

function watching(): { lab: Lab; heard: string[]; watcher: Process; watched: Process } {
  const lab = new Lab()
  const heard: string[] = []
  return { lab, heard, watcher: lab.spawn(noting(heard)), watched: lab.spawn(body()) }
}

test('a monitor fires once, with the reference, the pid and the reason of the end', async () => {
  const lab = new Lab()
  const downs: DownMessage[] = []
  const watcher = lab.spawn(body((_self, { payload }: Envelope) => void downs.push(payload as DownMessage)))
  const watched = lab.spawn(body())
  const ref = watcher.monitor(watched.pid)
  watched.die('oops')
  await lab.settle()
  expect(downs).toEqual([{ ref, pid: watched.pid, reason: 'oops' }])
})

test('a normal end is told like any other, and the watcher lives', async () => {
  const { lab, heard, watcher, watched } = watching()
  watcher.monitor(watched.pid)
  watched.stop('normal')
  await lab.settle()
  expect(heard).toEqual(['DOWN normal'])
  expect(watcher.isAlive).toBe(true)
})

test('a monitor of a process that is no more fires at once with noproc', async () => {
  const { lab, heard, watcher, watched } = watching()
  watched.die('oops')
  watcher.monitor(watched.pid)
  watcher.monitor(new Pid(lab.runtime.id, 4711))
  await lab.settle()
  expect(heard).toEqual(['DOWN noproc', 'DOWN noproc'])
})

test('a monitor of a process of a node that cannot be reached fires at once with noconnection', async () => {
  const { lab, heard, watcher } = watching()
  watcher.monitor(new Pid('n2.b', 1))
  await lab.settle()
  expect(heard).toEqual(['DOWN noconnection'])
})

test('DOWN comes after everything that the watched process had sent', async () => {
  const { lab, heard, watcher, watched } = watching()
  watcher.monitor(watched.pid)
  watched.send(watcher.pid, 'last words')
  watched.die('oops')
  await lab.settle()
  expect(heard).toEqual(['last words', 'DOWN oops'])
})

test('every monitor fires for itself', async () => {
  const { lab, heard, watcher, watched } = watching()
  const refs = [watcher.monitor(watched.pid), watcher.monitor(watched.pid)]
  expect(new Set(refs).size).toBe(2)
  watched.die('oops')
  await lab.settle()
  expect(heard).toEqual(['DOWN oops', 'DOWN oops'])
})

test('after demonitor nothing comes, and demonitor may be asked for again', async () => {
  const { lab, heard, watcher, watched } = watching()
  const ref = watcher.monitor(watched.pid)
  const other = watcher.monitor(watched.pid)
  watcher.demonitor(ref)
  watcher.demonitor(ref)
  watcher.demonitor(9999)
  watched.die('oops')
  watcher.demonitor(other)
  await lab.settle()
  expect(heard).toEqual(['DOWN oops'])
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
    monitor: (ref, to, target) => {
      asked.push(`monitor ${to}`)
      if (to.serial === 1) target.down(ref, to, 'noconnection')
    },
    demonitor: (_ref, to) => asked.push(`demonitor ${to}`),
  }
  watcher.monitor(new Pid('n2.b', 1))
  watcher.monitor(new Pid('n2.b', 2))
  watcher.die('shutdown')
  expect(asked).toEqual(['monitor n2.b.1', 'monitor n2.b.2', 'demonitor n2.b.2'])
})
