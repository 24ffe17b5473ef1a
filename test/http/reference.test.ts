// The reference says what there is: every route with its parameters, and the shape of every answer as the code has it.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import * as cluster from '#src/http/schemas/cluster.ts'
import * as happenings from '#src/http/schemas/happenings.ts'
import * as manage from '#src/http/schemas/manage.ts'
import * as names from '#src/http/schemas/names.ts'
import * as processes from '#src/http/schemas/processes.ts'
import { type House, type OpenApi, openHouse } from './support/house.ts'
import { notation, type Schema } from './support/notation.ts'

const page = readFileSync('docs/reference/observer-api.md', 'utf8')
let house: House
let api: OpenApi

beforeAll(async () => {
  house = await openHouse()
  api = (await house.get('/observer/v1/openapi.json')).body
})

afterAll(() => house.close())

const rows = () =>
  [...page.matchAll(/^\| `(GET|POST) (\/observer[^`]*)` \|(.*)$/gm)].map(([, method = '', path = '', rest = '']) => ({
    method,
    path,
    rest,
  }))
const spelt = (path: string) => path.replaceAll(/\{(\w+)\}/g, ':$1')

test('every route is on the page, and every route of the page is there', () => {
  const there = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${spelt(path)}`),
  )
  const told = rows().map(({ method, path }) => `${method} ${path}`)
  expect(told.filter((route) => !route.endsWith('openapi.json')).toSorted()).toEqual(there.toSorted())
})

test('every parameter and every field of a body is told beside its route', () => {
  const untold = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { parameters = [], requestBody }]) => {
      const row = rows().find((each) => each.path === spelt(path) && each.method === method.toUpperCase())
      const body = JSON.stringify(requestBody?.content['application/json']?.schema ?? {})
      const fields = [...body.matchAll(/"properties":\{(.*?)\}\}/g)].flatMap(([, inner = '']) =>
        [...inner.matchAll(/"(\w+)":\{/g)].map(([, name = '']) => name),
      )
      const asked = [...parameters.filter((each) => each.in === 'query').map(({ name }) => name), ...fields]
      return asked.filter((name) => row?.rest.includes(name) !== true).map((name) => `${method} ${path} ${name}`)
    }),
  )
  expect(untold).toEqual([])
})

test('the shapes of all answers are told as the code has them; `npm test -- test/http/reference.test.ts -u` writes them', async () => {
  const shared = ['node', 'incarnation', 'collectedAt', 'answered', 'missing']
  const sections = Object.entries({ ...cluster, ...processes, ...names, ...happenings, ...manage }).flatMap(([name, schema]) => {
    if (!(schema instanceof z.ZodType) || name === 'dump') return []
    const json = z.toJSONSchema(schema, { target: 'draft-7' }) as Schema
    const skip = 'collectedAt' in (json.properties ?? {}) ? shared : []
    return [`## ${name}\n\n\`\`\`text\n${notation(json, skip)}\n\`\`\`\n`]
  })
  const opening = [
    '# Observer shapes',
    '',
    '<!-- Written by `npm test -- test/http/reference.test.ts -u` from src/http/schemas; edit those, not this. -->',
    '',
    "The answers of [the observer's API](observer-api.md) by their names. `collectedAt`, `node`, `incarnation`, and of what is told for the whole cluster `answered` and",
    '`missing`, are in every answer and left out here. `dump` is all of them, each under its name, `nodes` and `trees` as lists.',
    '',
  ]
  await expect(`${opening.join('\n')}\n${sections.join('\n')}`).toMatchFileSnapshot('../../docs/reference/observer-shapes.md')
})
