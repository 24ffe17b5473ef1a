// The demonstration of traces tells what it promises: a bid over two nodes, and a chain of three restarts.
import { expect, test } from 'vitest'
import { tellTraces } from '#demo/trace.ts'

test('one bid over two nodes and one chain of three restarts are printed as text', async () => {
  const lines = await tellTraces()
  const bid = lines.findIndex((line) => /^└─ POST \/lots\/:id\/bids {2}SERVER {2}on n1/.test(line))
  expect(lines.slice(bid + 1, bid + 4)).toEqual([
    expect.stringMatching(/^ {3}└─ otp\.call lot\.bid {2}CLIENT {2}on n1/),
    expect.stringMatching(/^ {6}└─ otp\.call lot\.bid {2}SERVER {2}on n2 .*otp\.mailbox\.wait_ms=/),
    '',
  ])
  const restarts = lines.filter((line) => line.includes('otp.supervisor.restart '))
  expect(restarts.map((line) => line.includes('previous_restart: '))).toEqual([false, true, true])
  expect(restarts.every((line) => line.includes('on n2') && line.includes('otp.restart.cause=crash'))).toBe(true)
  const crashes = lines.filter((line) => line.includes('─ crash: '))
  expect(crashes).toHaveLength(3)
  expect(crashes.every((line) => line.includes('otp.cast lot.crash  CONSUMER  on n2'))).toBe(true)
}, 30_000)
