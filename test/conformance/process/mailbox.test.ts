// Bounded mailboxes: OTP has none; what overflow does is chosen by the behaviour, and counted.
import { describe, expect, test } from 'vitest'
import { genServer, reply } from '#otp'
import type { MailboxBound, Overflow } from '#process'
import { body, Lab, noting } from '#test/process/support/lab.ts'

function bounded(overflow: Overflow, limit = 2) {
  const lab = new Lab()
  const heard: string[] = []
  const process = lab.spawn({ ...noting(heard, true), mailbox: { limit, overflow } })
  return { lab, heard, process }
}

test('without a bound a mailbox takes whatever comes', async () => {
  const lab = new Lab()
  const process = lab.spawn(body())
  for (let i = 0; i < 10_000; i++) process.info('message', i)
  expect(process.depth).toBe(10_000)
})

describe.each<[Overflow, string[], string[]]>([
  ['drop_newest', ['1', '2'], []],
  ['drop_oldest', ['3', '4'], []],
  ['reject', ['1', '2'], ['overloaded', 'overloaded']],
])('a full mailbox of kind %s', (overflow, kept, letters) => {
  test(`handles ${kept} of four messages, counts the others, and states ${letters.length} dead letters`, async () => {
    const { lab, heard, process } = bounded(overflow)
    for (const name of ['1', '2', '3', '4']) lab.runtime.send(process.pid, 'cast', name, undefined)
    expect(process.depth).toBe(2)
    await lab.settle()
    expect(heard).toEqual(kept)
    expect(lab.runtime.counts('body').dropped[overflow]).toBe(2)
    expect(lab.all('process.dead_letter').map(({ reason }) => reason)).toEqual(letters)
  })

  test('fails the calls that find no room with overloaded, and no others', async () => {
    const { lab, process } = bounded(overflow)
    const calls = ['1', '2', '3'].map((name) =>
      lab.runtime.call(process.pid, name, undefined, 1000).then(
        () => 'answered',
        ({ reason }: { reason: string }) => reason,
      ),
    )
    await lab.clock.advance(2000)
    expect((await Promise.all(calls)).sort()).toEqual(['overloaded', 'timeout', 'timeout'])
  })

  test('takes EXIT and DOWN all the same, and drops none of them for a message', async () => {
    const { lab, heard, process } = bounded(overflow)
    const others = Array.from({ length: 3 }, () => lab.spawn(body()))
    for (const other of others) process.monitor(other.pid)
    for (const other of others) other.die('oops')
    process.info('message', undefined)
    expect(process.depth).toBe(3)
    await lab.settle()
    expect(heard).toEqual(['DOWN oops', 'DOWN oops', 'DOWN oops'])
  })
})

test('a mailbox that was full takes messages again as soon as one was taken out', async () => {
  const { lab, heard, process } = bounded('drop_newest', 1)
  for (const name of ['1', '2']) process.info(name, undefined)
  await lab.settle()
  process.info('3', undefined)
  await lab.settle()
  expect(heard).toEqual(['1', '3'])
})

describe('the bound of a behaviour', () => {
  const server = (mailbox: MailboxBound) =>
    genServer({
      name: 'bounded',
      init: () => 0,
      calls: { look: (state: number) => reply(state, state) },
      casts: { add: (state: number, by: number) => state + by },
      mailbox,
    })

  test('is the option mailbox of genServer', async () => {
    const lab = new Lab()
    const process = lab.spawn(server({ limit: 3, overflow: 'drop_newest' }).body)
    for (let i = 0; i < 10; i++) process.cast(process.pid, 'add', 1)
    await lab.settle()
    expect(process.state).toBe(3)
    expect(lab.runtime.counts('bounded').dropped).toEqual({ drop_newest: 7, drop_oldest: 0, reject: 0 })
  })

  test.each([
    { limit: 0, overflow: 'reject' },
    { limit: 1.5, overflow: 'reject' },
    { limit: Number.NaN, overflow: 'reject' },
    { limit: 10, overflow: 'block' },
  ])('is refused if it cannot work: %j', (mailbox) => {
    expect(() => server(mailbox as MailboxBound)).toThrow(expect.objectContaining({ code: 'ERR_OTP_PROCESS_BAD_MAILBOX' }))
  })
})
