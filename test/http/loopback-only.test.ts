// Who may look inside: whoever is on this host, though the workload answers everybody.
import { expect, test } from 'vitest'
import { EventStream, systemClock } from '#base'
import { createHttpServer, loopbackOnly } from '#http'
import type { NodeEvents } from '#otp-labs'

function server() {
  const app = createHttpServer({ clock: systemClock, events: new EventStream<NodeEvents>(), onUnexpected: () => {} })
  loopbackOnly(app, ['/observer', '/chaos'])
  for (const route of ['/lots', '/observer', '/observer/v1/cluster', '/observers', '/chaos/storm']) app.get(route, () => ({ route }))
  return app
}

test.each([
  ['10.1.2.3', 403],
  ['::ffff:10.1.2.3', 403],
  ['2001:db8::1', 403],
  ['127.0.0.1', 200],
  ['::ffff:127.0.0.1', 200],
  ['::1', 200],
])('from %s the observer and chaos answer %i, and the workload answers', async (remoteAddress, status) => {
  const app = server()
  const statusOf = async (url: string) => (await app.inject({ url, remoteAddress })).statusCode
  for (const url of ['/observer', '/observer/v1/cluster', '/chaos/storm', '/observer/?a=b']) {
    expect([url, await statusOf(url)]).toEqual([url, url === '/observer/?a=b' ? 404 : status])
  }
  expect([await statusOf('/lots'), await statusOf('/observers')]).toEqual([200, 200])
})

test('a refusal says how to go there', async () => {
  const answer = await server().inject({ url: '/observer', remoteAddress: '10.1.2.3' })
  expect(answer.headers['content-type']).toContain('application/problem+json')
  expect(answer.json()).toMatchObject({ status: 403, code: 'ERR_OTP_HTTP_LOOPBACK_ONLY', detail: expect.stringContaining('port-forward') })
})
