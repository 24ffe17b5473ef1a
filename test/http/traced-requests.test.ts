// The span of a request from outside: it ends once, with how the request did.
import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { EventStream, systemClock } from '#base'
import { createHttpServer } from '#http'
import type { NodeEvents, Tracing } from '#otp-labs'

let app: FastifyInstance

afterEach(() => app.close())

/** Ends of spans, as they come. */
async function serving(): Promise<{
  readonly ends: string[]
  readonly asked: Promise<unknown>
  readonly ended: () => Promise<void>
  get(path: string): ReturnType<typeof request>
}> {
  const ends: string[] = []
  const asked = Promise.withResolvers<void>()
  let tell = Promise.withResolvers<void>()
  const tracing = {
    current: () => undefined,
    serve: (name: string, _carrier: unknown, _attributes: unknown, run: () => void) => {
      run()
      return {
        carrier: undefined,
        end: (outcome: string) => {
          ends.push(`${name}: ${outcome}`)
          tell.resolve()
          tell = Promise.withResolvers()
        },
      }
    },
  } as unknown as Tracing
  app = createHttpServer({ clock: systemClock, events: new EventStream<NodeEvents>(), tracing, onUnexpected: () => undefined })
  app.get('/answered', (_request, reply) => reply.send('"here"'))
  app.get('/broken', () => {
    throw new Error('a defect')
  })
  app.get('/never', async () => {
    asked.resolve()
    await new Promise(() => undefined)
  })
  await app.listen({ port: 0 })
  const { port } = app.server.address() as AddressInfo
  const get = (path: string) => request({ port, path, agent: false }).end()
  return { ends, asked: asked.promise, ended: () => tell.promise, get }
}

test('an answer ends it, and whoever goes away before there is one', async () => {
  const { ends, asked, ended, get } = await serving()
  for (const path of ['/answered', '/broken']) {
    const [response] = await once(get(path), 'response')
    response.resume()
    await once(response, 'close')
  }
  expect(ends).toEqual(['GET /answered: ok', 'GET /broken: http 500'])
  const sent = get('/never')
  sent.on('error', () => undefined)
  await asked
  const over = ended()
  sent.destroy()
  await over
  expect(ends.at(-1)).toBe('GET /never: aborted')
  expect(ends).toHaveLength(3)
})
