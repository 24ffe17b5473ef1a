// Three nodes in a box, and the observer of the first one as an HTTP server.
import ajvCompiler from '@fastify/ajv-compiler'
import type { InjectOptions } from 'fastify'
import { EventStream } from '#base'
import { createHttpServer, type ObserverOptions, observerRoutes } from '#http'
import type { NodeOptions } from '#node'
import { genServer, type NodeEvents, noReply, reply, supervisor } from '#otp-labs'
import { Box } from '#test/support/box.ts'

export const READ = 'a-token-to-read-with'
export const MANAGE = 'a-token-to-manage-with'

export const Lot = genServer({
  name: 'lot',
  init: (title: string) => ({ title, secret: 'of the house', bids: 0 }),
  calls: {
    bid: (state) => reply(state.bids + 1, { ...state, bids: state.bids + 1 }),
    never: (state) => noReply(state),
    slow: (state) => new Promise<ReturnType<typeof noReply<typeof state>>>(() => state),
  },
  casts: {
    crash: (state) => (state.title === '' ? state : fail('asked to crash')),
    otherwise: (state) => (state.title === '' ? state : fail('crashed otherwise')),
  },
  observe: {
    state: ({ title, bids }) => ({ title, bids }),
    message: ({ name, payload }) => ({ name, payload: payload === undefined ? null : 'given' }),
  },
})

export const Vault = genServer({ name: 'vault', init: () => ({ secret: 'of the vault' }), calls: { look: (state) => reply(1, state) } })

const fail = (why: string): never => {
  throw new Error(why)
}

export const names = ['n1', 'n2', 'n3']

export interface Answer {
  readonly status: number
  readonly type: string
  readonly headers: Readonly<Record<string, unknown>>
  // biome-ignore lint/suspicious/noExplicitAny: answers are checked as they are read.
  readonly body: any
}

export interface House {
  readonly box: Box
  readonly app: ReturnType<typeof createHttpServer>
  /** The requests that were answered. */
  readonly requests: readonly NodeEvents['http.request_completed'][]
  /** Errors that were nobody's answer. */
  readonly defects: Error[]
  readonly get: (url: string, headers?: Record<string, string>) => Promise<Answer>
  readonly post: (url: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>
  readonly close: () => Promise<void>
}

export async function openHouse(options: ObserverOptions = {}, node: Partial<NodeOptions> = {}): Promise<House> {
  const shelf = supervisor({ name: 'shelf', children: [{ id: 'vault', start: [Vault], name: 'vault' }] })
  const box = await Box.formed({
    names,
    node: {
      behaviours: [Lot, Vault],
      membersExpected: 3,
      supervisor: { name: 'lots', maxRestarts: 100 },
      children: [{ id: 'shelf', start: [shelf] }],
      ...node,
    },
  })
  for (let i = 0; i < 9; i++) await box.through(box.node('n1').supervisor.startChild({ id: `lot-${i}`, start: [Lot, `t${i}`] }))
  await box.clock.advance(10)
  const defects: Error[] = []
  const requests: NodeEvents['http.request_completed'][] = []
  const events = new EventStream<NodeEvents>()
  events.subscribe('test', { 'http.request_completed': (event) => requests.push(event) })
  const app = createHttpServer({ clock: box.clock, events, onUnexpected: (error) => defects.push(error) })
  observerRoutes(app, box.node('n1').parts, { requestsPerSecond: 1_000_000, ...options })
  await app.ready()
  const ask = async (request: InjectOptions): Promise<Answer> => {
    const response = await box.through(app.inject(request))
    const type = String(response.headers['content-type'])
    return {
      status: response.statusCode,
      type,
      headers: response.headers,
      body: type.includes('json') ? response.json() : response.body,
    }
  }
  return {
    box,
    app,
    requests,
    defects,
    get: (url, headers = {}) => ask({ method: 'GET', url, headers }),
    post: (url, body, headers = {}) => ask({ method: 'POST', url, headers, ...(body === undefined ? {} : { payload: body as object }) }),
    close: async () => {
      await app.close()
      for (const running of box.live()) await box.stop(running.name)
    },
  }
}

export interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean; readonly schema: object }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> }
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, { readonly schema: object }>> }>>
}

export interface OpenApi {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

const compile = ajvCompiler()({}, { customOptions: { coerceTypes: false, useDefaults: false, removeAdditional: false, allErrors: true } })

/** What does not fit the schema that the description of the API has for an answer; empty if all does. */
export function misfits(api: OpenApi, path: string, method: string, { status, type, body }: Answer): string[] {
  const { responses } = api.paths[path]?.[method] ?? { responses: {} }
  const response = responses[String(status)] ?? responses[`${String(status)[0]}XX`]
  const schema = response?.content[type.split(';')[0] ?? '']?.schema
  if (schema === undefined) return [`${method} ${path}: no schema for ${status} ${type}`]
  const validate = compile({ schema, method: 'get', url: path, httpPart: 'response' }) as unknown as {
    (data: unknown): boolean
    errors?: { instancePath: string; message: string }[]
  }
  if (validate(body)) return []
  return (validate.errors ?? []).map(({ instancePath, message }) => `${path}${instancePath} ${message}`)
}
