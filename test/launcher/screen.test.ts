// What the launcher shows.
import { expect, test } from 'vitest'
import { liveLine, rejoinCommand, table, thingsToTry } from '#src/launcher/screen.ts'

const nodes = [1, 2, 3].map((i) => ({
  name: `n${i}`,
  pid: 98 + i,
  http: `http://127.0.0.1:400${i}`,
  metrics: `http://127.0.0.1:910${i}/metrics`,
}))
const status = { up: 2, expected: 3, names: 40, restarts: 7, takeovers: 13 }

test('a table of the nodes', () => {
  expect(table(nodes, '/tmp/logs', 1340)).toBe(`3 nodes, ready after 1.3 s; logs in /tmp/logs

  node  pid  observer                        metrics
  n1    99   http://127.0.0.1:4001/observer  http://127.0.0.1:9101/metrics
  n2    100  http://127.0.0.1:4002/observer  http://127.0.0.1:9102/metrics
  n3    101  http://127.0.0.1:4003/observer  http://127.0.0.1:9103/metrics`)
})

test('three things to try: look, break, mend', () => {
  expect(thingsToTry(nodes, 4000)).toBe(`In another terminal:
  look   http://127.0.0.1:4001/observer in a browser, or in a terminal:
         npm run observer -- --url http://127.0.0.1:4001
  break  kill -9 101    (n3: its lots go on elsewhere), or a storm of crashes:
         curl -s -X POST http://127.0.0.1:4001/chaos/storm
  mend   npm run node -- --name n3
Ctrl-C ends everything.`)
})

test('the way back names the ports where they are not the usual ones', () => {
  expect(rejoinCommand('n2', 4000)).toBe('npm run node -- --name n2')
  expect(rejoinCommand('n2', 4100)).toBe('npm run node -- --name n2 --port-base 4100')
})

test('a line that lives, with bids where there are bidders', () => {
  expect(liveLine(status, 3, { bidsPerSecond: 149.7 })).toBe('members 2/3 · 40 lots · 150 bids/s · 7 restarts · 13 takeovers')
  expect(liveLine({ ...status, expected: null }, 3, undefined)).toBe('members 2/3 · 40 lots · 7 restarts · 13 takeovers')
  expect(liveLine(undefined, 3, undefined)).toBe('no node answers')
})
