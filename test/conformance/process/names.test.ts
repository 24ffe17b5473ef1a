// Names of processes on their node: register, unregister, whereis, registered.
import { describe, expect, test } from 'vitest'
import { CodedError } from '#base'
import { body, Lab, noting } from '#test/process/support/lab.ts'

const badName = (message: RegExp) => expect.objectContaining({ code: 'ERR_OTP_PROCESS_BAD_NAME', message: expect.stringMatching(message) })

test('a running process may be given a name, by which messages reach it', async () => {
  const lab = new Lab()
  const heard: string[] = []
  const process = lab.spawn(noting(heard))
  lab.runtime.names.register('clerk', process)
  lab.runtime.send('clerk', 'cast', 'hello', undefined)
  await lab.settle()
  expect(heard).toEqual(['hello'])
  expect([lab.runtime.whereis('clerk'), lab.runtime.names.all()]).toEqual([process.pid, ['clerk']])
})

test('whereis of a name that nobody has is undefined', () => {
  expect(new Lab().runtime.whereis('nobody')).toBeUndefined()
})

describe('register fails', () => {
  test('if the name is in use, also by the same process', () => {
    const lab = new Lab()
    const process = lab.spawn(body(), { name: 'clerk' })
    expect(() => lab.spawn(body()).register('clerk')).toThrow(badName(/has the name 'clerk' already/))
    expect(() => process.register('clerk')).toThrow(CodedError)
  })

  test('if the process has a name already', () => {
    const process = new Lab().spawn(body(), { name: 'clerk' })
    expect(() => process.register('second')).toThrow(badName(/it has the name 'clerk'/))
  })

  test('if the process has ended', () => {
    const lab = new Lab()
    const process = lab.spawn(body())
    process.die('shutdown')
    expect(() => process.register('clerk')).toThrow(badName(/has ended/))
    expect(lab.runtime.names.all()).toEqual([])
  })

  test.each(['', undefined, 7])('if the name is %j, which is no name', (name) => {
    const process = new Lab().spawn(body())
    expect(() => process.register(name as string)).toThrow(badName(/a name that is a text/))
  })
})

describe('unregister', () => {
  test('frees the name, and the process may take another', () => {
    const lab = new Lab()
    const process = lab.spawn(body(), { name: 'clerk' })
    process.unregister()
    expect(lab.runtime.whereis('clerk')).toBeUndefined()
    process.register('second')
    lab.spawn(body()).register('clerk')
    expect(lab.runtime.names.all()).toEqual(['second', 'clerk'])
  })

  test('fails if nobody has the name', () => {
    const lab = new Lab()
    expect(() => lab.runtime.names.unregister('nobody')).toThrow(badName(/no process has the name "nobody"/))
    expect(() => lab.spawn(body()).unregister()).toThrow(CodedError)
  })
})

test('a name is free as soon as its process has ended', () => {
  const lab = new Lab()
  const process = lab.spawn(body())
  process.register('clerk')
  process.die('oops')
  expect(lab.runtime.whereis('clerk')).toBeUndefined()
  lab.spawn(body()).register('clerk')
})

test('and is free already when its links and monitors hear of the end', () => {
  const lab = new Lab()
  const process = lab.spawn(body(), { name: 'clerk' })
  const seen: unknown[] = []
  lab.runtime.monitor(process.pid, { down: () => seen.push(lab.runtime.whereis('clerk')) })
  process.die('oops')
  expect(seen).toEqual([undefined])
})
