// Signals between processes of one node: their order, and what an exit signal does to whom it reaches.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Process } from '#process'
import { body, Lab, noting } from '#test/process/support/lab.ts'

function receiver(trapExit: boolean): { lab: Lab; heard: string[]; sender: Process; process: Process } {
  const lab = new Lab()
  const heard: string[] = []
  return { lab, heard, sender: lab.spawn(body()), process: lab.spawn(noting(heard, trapExit)) }
}

describe('the only order that is guaranteed is that of signals from one process to another', () => {
  test('messages, exit signals, the news of an end and of a link arrive as they were sent (property)', async () => {
    const kinds = fc.array(fc.constantFrom('message', 'cast', 'exit', 'monitored end', 'linked end'), { minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(kinds, async (signals) => {
        const { lab, heard, sender, process } = receiver(true)
        const expected: string[] = []
        for (const [number, kind] of signals.entries()) {
          if (kind === 'message') sender.send(process.pid, `${number}`)
          else if (kind === 'cast') sender.cast(process.pid, `${number}`)
          else if (kind === 'exit') sender.exit(process.pid, `${number}`)
          else {
            const ends = lab.spawn(body())
            if (kind === 'linked end') process.link(ends)
            else process.monitor(ends.pid)
            ends.die(`${number}`)
          }
          expected.push(kind === 'message' || kind === 'cast' ? `${number}` : `${kind === 'monitored end' ? 'DOWN' : 'EXIT'} ${number}`)
        }
        await lab.settle()
        expect(heard).toEqual(expected)
      }),
      { numRuns: 100 },
    )
  })

  test('what a process sends before its end arrives before its exit signal and before DOWN', async () => {
    const { lab, heard, sender, process } = receiver(true)
    process.link(sender)
    process.monitor(sender.pid)
    sender.send(process.pid, 'last words')
    sender.die('oops')
    await lab.settle()
    expect(heard).toEqual(['last words', 'EXIT oops', 'DOWN oops'])
  })

  test('a message that was received before an exit signal is lost with the process if it was not handled yet', async () => {
    const { lab, heard, sender, process } = receiver(false)
    sender.send(process.pid, 'message')
    sender.exit(process.pid, 'oops')
    await lab.settle()
    expect(heard).toEqual([])
    expect(process.endedWith).toBe('oops')
  })
})

describe('an exit signal is silently dropped', () => {
  test('if its reason is normal, the receiver does not trap exits, and sender and receiver are not the same', async () => {
    const { lab, heard, sender, process } = receiver(false)
    sender.exit(process.pid, 'normal')
    await lab.settle()
    expect([process.isAlive, heard]).toEqual([true, []])
  })

  test('if it came along a link that is no more', async () => {
    const { lab, heard, sender, process } = receiver(true)
    process.link(sender)
    process.unlinkFrom(sender.pid)
    sender.die('oops')
    await lab.settle()
    expect(heard).toEqual([])
  })

  test('if there is no such process', () => {
    const { lab, sender, process } = receiver(false)
    process.die('shutdown')
    sender.exit(process.pid, 'oops')
    expect(process.endedWith).toBe('shutdown')
    expect(lab.all('process.dead_letter')).toEqual([])
  })
})

describe('the receiver of an exit signal ends', () => {
  test('as killed, if it was sent with the reason kill, though it traps exits', () => {
    const { sender, process } = receiver(true)
    sender.exit(process.pid, 'kill')
    expect(process.endedWith).toBe('killed')
  })

  test('as killed, which is what its links and monitors see, and what those that trap exits live through', async () => {
    const { lab, heard, sender, process } = receiver(true)
    process.link(sender)
    process.monitor(sender.pid)
    process.exit(sender.pid, 'kill')
    await lab.settle()
    expect([heard, process.isAlive]).toEqual([['EXIT killed', 'DOWN killed'], true])
  })

  test('with the reason of the signal, if it does not trap exits and the reason is not normal', () => {
    for (const reason of ['shutdown', 'oops', { shutdown: 'handoff' }]) {
      const { sender, process } = receiver(false)
      sender.exit(process.pid, reason)
      expect(process.endedWith).toBe(reason)
    }
  })

  test('with normal, if it sent the signal itself and does not trap exits', () => {
    const { process } = receiver(false)
    process.exit(process.pid, 'normal')
    expect(process.endedWith).toBe('normal')
  })

  test('with kill, not killed, if a linked process ended with the reason kill and exits are not trapped', () => {
    const { sender, process } = receiver(false)
    process.link(sender)
    sender.stop('kill')
    expect([sender.endedWith, process.endedWith]).toEqual(['kill', 'kill'])
  })
})

describe('an exit signal becomes the last message of the queue, { from, reason }', () => {
  test('if the receiver traps exits and the signal was sent with another reason than kill, normal and by itself included', async () => {
    const { lab, heard, sender, process } = receiver(true)
    sender.send(process.pid, 'before')
    sender.exit(process.pid, 'normal')
    process.exit(process.pid, 'own')
    sender.send(process.pid, 'after')
    await lab.settle()
    expect(heard).toEqual(['before', 'EXIT normal', 'EXIT own', 'after'])
    expect(process.isAlive).toBe(true)
  })

  test('if the receiver traps exits and it came along a link, for the reason kill, too', async () => {
    const { lab, heard, sender, process } = receiver(true)
    process.link(sender)
    sender.stop('kill')
    await lab.settle()
    expect(heard).toEqual(['EXIT kill'])
  })

  test('whether exits are trapped is asked when the signal arrives, not when the message is handled', async () => {
    const { lab, heard, sender, process } = receiver(true)
    sender.exit(process.pid, 'oops')
    process.trapExit = false
    await lab.settle()
    expect(heard).toEqual(['EXIT oops'])
  })
})
