// The files of the observer's page, as they are served: under its policy, kept as long as they may be, and nothing beside them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { EventStream, systemClock } from '#base'
import { createHttpServer } from '#http'
import type { NodeEvents } from '#otp-labs'
import { pageRoutes } from '#src/http/routes/page.ts'

const made: string[] = []
const closing: (() => Promise<unknown>)[] = []

function built(): string {
  const root = mkdtempSync(join(tmpdir(), 'otp-page-'))
  made.push(root)
  mkdirSync(join(root, 'page/assets'), { recursive: true })
  writeFileSync(join(root, 'page/index.html'), '<!doctype html><title>Observer</title>')
  writeFileSync(join(root, 'page/assets/index-abc.js'), 'export {}')
  writeFileSync(join(root, 'secret'), 'not for you')
  return join(root, 'page')
}

function serving(...places: string[]) {
  const app = createHttpServer({
    clock: systemClock,
    events: new EventStream<NodeEvents>(),
    onUnexpected: (error) => {
      throw error
    },
  })
  pageRoutes(app, places)
  closing.push(() => app.close())
  return app
}

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  for (const root of made.splice(0)) rmSync(root, { recursive: true })
})

describe('the page', () => {
  test('is served under a policy without inline scripts, and asked for anew each time', async () => {
    const { statusCode, headers, body } = await serving('/nowhere', built()).inject('/observer/')
    expect([statusCode, body]).toEqual([200, '<!doctype html><title>Observer</title>'])
    expect(headers['content-type']).toContain('text/html')
    expect(headers['content-security-policy']).toContain("script-src 'self'")
    expect(headers['content-security-policy']).not.toContain('unsafe')
    expect(headers['cache-control']).toBe('no-cache')
    expect(headers['x-content-type-options']).toBe('nosniff')
  })

  test('has files that are kept for ever, since their names change with them', async () => {
    const { headers } = await serving(built()).inject('/observer/assets/index-abc.js')
    expect(headers['content-type']).toContain('javascript')
    expect(headers['cache-control']).toContain('immutable')
  })

  test.for([
    '/observer/../secret',
    '/observer/%2e%2e/secret',
    '/observer/..%2fsecret',
    '/observer/assets/../../secret',
    '/observer/nothing.js',
  ])('gives nothing else away: %s', async (url) => {
    const { statusCode, headers, body } = await serving(built()).inject(url)
    expect(statusCode).toBeGreaterThanOrEqual(400)
    expect(statusCode).toBeLessThan(500)
    expect(headers['content-type']).toContain('application/problem+json')
    expect(body).not.toContain('not for you')
  })

  test('says how to build it where it is not built', async () => {
    const { statusCode, body } = await serving('/nowhere').inject('/observer/')
    expect(statusCode).toBe(503)
    expect(body).toContain('npm run prepare')
  })
})
