// Messages, calls and monitors between processes of different nodes.
import { afterEach, expect, test } from 'vitest'
import { Crash, ExitError, genServer, NodeRef, type Pid, reply, type Self, stop } from '#otp-labs'
import { Box } from '#test/support/box.ts'

const heard: string[] = []
const Echo = genServer({
  name: 'echo',
  init: () => 0,
  calls: {
    echo: (state, value: unknown) => reply(value, state),
    function: (state) => reply(() => 1, state),
    crash: (): never => {
      throw new TypeError('not today')
    },
    slow: async (state, _nothing: undefined, self: Self) => {
      await new Promise<void>((resolve) => waiting.push(resolve))
      return reply(self.pid, state)
    },
    watch: (state, pid: Pid, self) => reply(self.monitor(pid), state),
    end: (state) => stop('shutdown', state, 'ended'),
    endOddly: (state) => stop({ shutdown: { big: 1n, fn: () => 1 } }, state),
  },
  casts: {
    note: (state, text: string) => {
      heard.push(text)
      return state + 1
    },
  },
  infos: {
    note: (state, text: string) => {
      heard.push(text)
      return state
    },
    DOWN: (state, { reason }: { reason: unknown }) => {
      heard.push(`DOWN ${reason instanceof Crash ? reason.error.message : String(reason)}`)
      return state
    },
  },
})
const waiting: (() => void)[] = []
let box: Box

afterEach(async () => {
  for (const running of box.live()) await box.stop(running.name)
})

async function formed(): Promise<Box> {
  heard.length = 0
  waiting.length = 0
  box = await Box.formed({
    names: ['n1', 'n2'],
    node: { children: [{ id: 'echo', start: [Echo], name: 'echo', restart: 'temporary' }] },
    note: ['process.dead_letter', 'cluster.frame_refused'],
  })
  return box
}

const there = () => box.node('n2').runtime.whereis('echo') as Pid<typeof Echo>
/** The pid as it is after a trip over the wire: it knows no process. */
const farPid = async () =>
  (await box.through(box.node('n1').call(new NodeRef<unknown>(box.node('n2').id, 'echo'), 'echo', there()))) as Pid<typeof Echo>
const failure = (call: Promise<unknown>): Promise<ExitError> =>
  box.through(call).then(
    () => Promise.reject(new Error('it answered')),
    (error: ExitError) => error,
  )

test('plain data comes back as it was, pids among it', async () => {
  await formed()
  const value = {
    text: 'ä',
    list: [1, 2.5, -3, true, null],
    at: new Date(0),
    bytes: new Uint8Array([1, 2]),
    map: new Map([['a', 1]]),
    pid: there(),
  }
  const answer = (await box.through(box.node('n1').call(await farPid(), 'echo', value))) as typeof value
  expect({ ...answer, pid: String(answer.pid), bytes: [...answer.bytes] }).toEqual({ ...value, pid: String(value.pid), bytes: [1, 2] })
})

test('casts from one process to another are heard in the order in which they were sent', async () => {
  await formed()
  const to = await farPid()
  for (let i = 0; i < 100; i++) box.node('n1').cast(to, 'note', String(i))
  await box.clock.until(() => heard.length === 100)
  expect(heard).toEqual(Array.from({ length: 100 }, (_, i) => String(i)))
})

test('a call that crashes its callee is told its error, with the message', async () => {
  await formed()
  const error = await failure(box.node('n1').call(await farPid(), 'crash'))
  expect(error).toBeInstanceOf(ExitError)
  expect((error.reason as Crash).error).toMatchObject({ name: 'TypeError', message: 'not today' })
})

test('a call to a process that is no more fails with noproc', async () => {
  await formed()
  const to = await farPid()
  expect(await box.through(box.node('n1').call(to, 'end'))).toBe('ended')
  expect((await failure(box.node('n1').call(to, 'echo', 1))).reason).toBe('noproc')
  expect(box.events('process.dead_letter').map(({ by, reason }) => `${by} ${reason}`)).toContain('n2 noproc')
})

test('a call that is not answered in time fails with timeout, and its late answer reaches nobody', async () => {
  await formed()
  const to = await farPid()
  const call = failure(box.node('n1').call(to, 'slow', undefined, { timeoutMs: 500 }))
  expect((await call).reason).toBe('timeout')
  const next = box.node('n1').call(to, 'echo', 'mine')
  waiting[0]?.()
  expect(await box.through(next)).toBe('mine')
})

test('what is no plain data fails the caller, on either side, and harms nobody', async () => {
  await formed()
  const to = await farPid()
  const sent = await failure(box.node('n1').call(to, 'echo', { fn: () => 1 }))
  expect((sent.reason as Crash).error.message).toMatch(/fn/)
  const answered = await failure(box.node('n1').call(to, 'function'))
  expect(answered.reason).toBeInstanceOf(Crash)
  expect(await box.through(box.node('n1').call(to, 'echo', 'well'))).toBe('well')
})

test('an end whose reason no frame can hold is told in words, and harms nobody', async () => {
  await formed()
  const to = await farPid()
  await box.through(box.node('n1').call('echo', 'watch', to))
  const { reason } = await failure(box.node('n1').call(to, 'endOddly'))
  expect(reason).toEqual({ shutdown: expect.stringContaining('cannot be printed') })
  await box.clock.until(() => heard.length > 0)
  expect(heard).toEqual(['DOWN [object Object]'])
})

test('a monitor hears once why a process of another node ended', async () => {
  await formed()
  const to = await farPid()
  await box.through(box.node('n1').call('echo', 'watch', to))
  await failure(box.node('n1').call(to, 'crash'))
  await box.clock.until(() => heard.length > 0)
  expect(heard).toEqual(['DOWN not today'])
})

test('a monitor of a process that is gone hears noproc, and noconnection when the link is lost', async () => {
  await formed()
  const to = await farPid()
  await box.through(box.node('n1').call('echo', 'watch', to))
  box.crash('n2')
  await box.clock.until(() => heard.length > 0)
  expect(heard).toEqual(['DOWN noconnection'])
  await box.through(box.node('n1').call('echo', 'watch', to))
  expect(heard).toEqual(['DOWN noconnection', 'DOWN noconnection'])
})

test('what cannot be sent for want of a link is a dead letter, and calls fail at once with noconnection', async () => {
  await formed()
  const to = await farPid()
  box.crash('n2')
  await box.clock.until(() => !box.node('n1').cluster.isLinked(to.node))
  box.node('n1').cast(to, 'note', 'lost')
  expect((await failure(box.node('n1').call(to, 'echo', 1))).reason).toBe('noconnection')
  expect(box.events('process.dead_letter').map(({ reason }) => reason)).toEqual(['noconnection', 'noconnection'])
})

test('a frame of no known kind closes the link, which comes back, and is stated', async () => {
  await formed()
  box.node('n1').cluster.send(box.node('n2').id, ['nonsense', 1])
  await box.clock.until(() => box.events('cluster.frame_refused').length === 1)
  expect(box.events('cluster.frame_refused')[0]).toMatchObject({
    by: 'n2',
    peer: box.node('n1').id,
    reason: expect.stringContaining('"nonsense"'),
  })
  await box.clock.until(() => box.node('n1').cluster.isLinked(box.node('n2').id), 2000)
})

test('nobody can forge the end of a process', async () => {
  await formed()
  box.node('n1').cluster.send(box.node('n2').id, ['send', 'echo', 'info', 'DOWN', { reason: 'forged' }])
  await box.clock.until(() => box.events('cluster.frame_refused').length === 1)
  expect(heard).toEqual([])
})
