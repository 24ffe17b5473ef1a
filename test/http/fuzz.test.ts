// Requests made from the API's own description: whatever is asked, the answer is one that is described, and nothing breaks.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { testSeed } from '#test/support/seed.ts'
import { requestsOf } from './support/fuzz.ts'
import { MANAGE, misfits, type OpenApi, openHouse, READ } from './support/house.ts'

/** `FUZZ_REQUESTS=10000 npm test -- test/http/fuzz.test.ts` asks more. */
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 1000)
/** What is there, is refused, is too much, or cannot be done here. Anything else of 500 and above is a defect. */
const FORESEEN = [501, 503, 504]

test(`${REQUESTS} generated requests are answered as described, and the node lives on`, { timeout: 30_000 + REQUESTS * 30 }, async () => {
  const house = await openHouse({ readToken: READ, manageToken: MANAGE })
  const asManager = { authorization: `Bearer ${MANAGE}` }
  const api: OpenApi = (await house.get('/observer/v1/openapi.json', asManager)).body
  const { processes } = (await house.get('/observer/v1/processes?limit=100', asManager)).body
  const known = [...processes.map(({ pid }: { pid: string }) => pid), 'n1', 'n2', 'n3', 'lot', 'lot-1', 'vault', 'node/lots']
  const statuses = new Map<number, number>()
  const problems: string[] = []
  for (const request of fc.sample(requestsOf(api, known, [READ, MANAGE, MANAGE]), { numRuns: REQUESTS, seed: testSeed })) {
    const { path, method, url, headers, payload } = request
    // A stream has no end to be read.
    if (path.endsWith('/trace')) continue
    const response = await house.box.through(house.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) }))
    const { statusCode: status } = response
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    // What is killed more often than its supervisor bears takes the node with it, as it should.
    if (status === 200 && method === 'POST') await house.box.clock.advance(2000)
    const type = String(response.headers['content-type'])
    if (status >= 500 && !FORESEEN.includes(status)) problems.push(`${method} ${url} ${JSON.stringify(payload)}: ${status}`)
    if (!type.includes('json')) continue
    const wrong = misfits(api, path, method.toLowerCase(), { status, type, headers: {}, body: response.json() })
    problems.push(...wrong.map((each) => `${method} ${url}: ${each}`))
  }
  expect(problems).toEqual([])
  expect(house.defects).toEqual([])
  // It is no fuzz where nothing gets through, or nothing is refused.
  for (const status of [200, 400, 401, 403, 404]) expect([status, (statuses.get(status) ?? 0) > 10]).toEqual([status, true])
  expect((await house.get('/observer/v1/cluster', asManager)).body.answered).toEqual(['n1', 'n2', 'n3'])
  await house.close()
})
