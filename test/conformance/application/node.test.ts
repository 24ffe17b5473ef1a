// The applications of a node: started when it is up, stopped with it, and its end if one of them ends.
import { describe, expect, test } from 'vitest'
import type { CodedError } from '#base'
import { Node } from '#node'
import { application, supervisor } from '#otp'
import { Box } from '#test/support/box.ts'

const boot = async (notes: string[] = []) => {
  const db = application({ name: 'db', start: () => supervisor({ name: 'db', children: [] }), stop: () => void notes.push('db stopped') })
  const shop = application({
    name: 'shop',
    applications: [db],
    start: () => supervisor({ name: 'shop', children: [] }),
    prepStop: () => void notes.push('shop stops'),
  })
  const box = await Box.formed({ names: ['a'], node: { applications: [shop] } })
  const node = box.node('a')
  await box.clock.until(() => node.applications.which().length === 2)
  return { box, node }
}

describe('a node with applications', () => {
  test('starts them as permanent, after what they depend on', async () => {
    const { node } = await boot()
    expect(node.applications.which()).toEqual([
      { name: 'db', type: 'permanent' },
      { name: 'shop', type: 'permanent' },
    ])
  })

  test('stops them in reverse order when it stops', async () => {
    const notes: string[] = []
    const { box } = await boot(notes)
    await box.stop('a')
    expect(notes).toEqual(['shop stops', 'db stopped'])
  })

  test('is told to stop when one of them has ended', async () => {
    const { box, node } = await boot()
    const failures: string[] = []
    node.onFailure = (reason) => failures.push(reason)
    const [top] = [...node.runtime.supervisors].filter((process) => process.label === 'db')
    top?.stop('shutdown')
    await box.clock.until(() => failures.length > 0)
    expect(failures).toEqual(['application db, which is permanent, has ended: shutdown'])
    expect(node.applications.which()).toEqual([])
  })

  test('that cannot start one of them stops, and says which and why', async () => {
    const broken = application({
      name: 'broken',
      start: () => {
        throw new Error('no disk')
      },
    })
    const box = new Box({ names: ['a'] })
    const node = new Node({
      name: 'b',
      transport: (id) => box.network.transport(id),
      clock: box.clock,
      applications: [broken],
    })
    const failed = node.start().catch((error: CodedError) => error)
    expect(await box.through(failed)).toMatchObject({
      code: 'ERR_OTP_NODE_START',
      message: 'node b could not start the application broken: Error: no disk',
    })
    expect(node.isReady).toBe(false)
  })
})
