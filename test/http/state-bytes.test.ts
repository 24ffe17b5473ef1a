// How large states are, in lists of processes: where it is asked for and may be seen, of the page that is told and nobody else.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { encodeData } from '#cluster'
import { genServer } from '#otp-labs'
import { type House, Lot, misfits, names, type OpenApi, openHouse, Vault } from './support/house.ts'

/** How often a state was shown. */
let shown: number

const Shelf = genServer({
  name: 'counted',
  init: (title: string) => ({ title }),
  observe: {
    state: (state) => {
      shown++
      return state
    },
  },
})

let house: House
let api: OpenApi

beforeEach(async () => {
  shown = 0
  house = await openHouse({}, { behaviours: [Lot, Vault, Shelf] })
  api = (await house.get('/observer/v1/openapi.json')).body
})

afterEach(() => house.close())

async function rows(query: string): Promise<{ pid: string; behaviour: string; stateBytes: number | null }[]> {
  const answer = await house.get(`/observer/v1/processes?limit=100&${query}`)
  expect([answer.status, misfits(api, '/observer/v1/processes', 'get', answer)]).toEqual([200, []])
  return answer.body.processes
}

test('of each process it is the packed size of what may be seen of its state, and null of those that show nothing', async () => {
  const told = await rows('stateBytes=true')
  expect(new Set(told.map(({ pid }) => pid.split('.')[0]))).toEqual(new Set(names))
  // The observer is at work itself when it looks.
  for (const { pid, behaviour, stateBytes } of told.filter(({ behaviour }) => behaviour !== 'observer')) {
    const { status, body } = await house.get(`/observer/v1/processes/${pid}/state`)
    expect([behaviour, status]).toEqual([behaviour, stateBytes === null ? 403 : 200])
    if (stateBytes !== null) expect(stateBytes).toBe(encodeData(body.state).byteLength)
  }
  expect(told.filter(({ behaviour, stateBytes }) => behaviour === 'lot' && stateBytes !== null)).toHaveLength(9)
})

test('it is told only where that is asked for', async () => {
  for (const query of ['', 'stateBytes=false'])
    expect((await rows(query)).map(({ stateBytes }) => stateBytes)).not.toContain(expect.any(Number))
  const refused = await house.get('/observer/v1/processes?stateBytes=perhaps')
  expect(refused).toMatchObject({ status: 400, body: { detail: expect.stringContaining('expected true or false, got "perhaps"') } })
})

test('of a page those that are on it are measured, on whatever node, and nobody else', async () => {
  const { box } = house
  for (let i = 0; i < 12; i++) await box.through(box.node('n1').supervisor.startChild({ id: `counted-${i}`, start: [Shelf, 'x'] }))
  await box.clock.advance(1100)
  const { body } = await house.get('/observer/v1/processes?limit=5&behaviour=counted&stateBytes=true')
  expect(body).toMatchObject({ matching: 12, next: expect.any(String) })
  expect(body.processes.every(({ stateBytes }: { stateBytes: number }) => stateBytes > 0)).toBe(true)
  expect([body.processes.length, shown]).toEqual([5, 5])
})
