// Applications do what OTP's application does, sentence by sentence of its documentation.
import { describe, expect, expectTypeOf, test } from 'vitest'
import { type AnyApplication, Applications, application, type Behaviour, supervisor } from '#otp'
import { Crash, type ExitReason, type Pid, type Process } from '#process'
import { type Life, workers } from '#test/otp/support/start.ts'
import { gate, Lab } from '#test/process/support/lab.ts'

const boom = new Error('boom')
const failing = (): never => {
  throw boom
}

/** Applications on a lab, whose workers and callbacks note what they do. */
class Desk {
  readonly lab = new Lab()
  readonly notes: string[] = []
  readonly terminated: string[] = []
  readonly applications = new Applications(this.lab.runtime, (reason) => this.terminated.push(reason))
  readonly #worker = workers(this.notes)

  tree(id: string, life: Partial<Life> = {}): Behaviour<undefined> {
    return supervisor({ name: id, children: [{ id, name: id, start: [this.#worker, { id, trapExit: true, ...life }] }] })
  }

  app(name: string, ...applications: AnyApplication[]): AnyApplication {
    return application({ name, applications, start: () => this.tree(name) })
  }

  /** The supervisor at the top of an application's tree. */
  top(name: string): Process {
    const { pid } = this.lab.all('application.started').findLast((fact) => fact.application === name) as { pid: Pid }
    return this.lab.runtime.lookup(pid) as Process
  }

  async end(name: string, reason: ExitReason): Promise<void> {
    this.top(name).stop(reason)
    await this.lab.settle()
  }
}

describe('start', () => {
  test('runs the application s start, which answers the top supervisor, and starts its tree', async () => {
    const desk = new Desk()
    expect(await desk.applications.start(desk.app('shop'))).toEqual({ ok: true })
    expect(desk.notes).toEqual(['+shop'])
    expect(desk.lab.only('application.started')).toMatchObject({ application: 'shop', restart: 'temporary' })
    expect(desk.applications.which()).toEqual([{ name: 'shop', type: 'temporary' }])
  })

  test('waits until all is started', async () => {
    const desk = new Desk()
    const open = gate()
    const shop = application({ name: 'shop', start: async () => desk.tree('shop', { init: () => open.promise }) })
    const started = desk.applications.start(shop)
    await desk.lab.clock.advance(30)
    expect(desk.applications.which()).toEqual([])
    open.resolve()
    expect(await started).toEqual({ ok: true })
    expect(desk.lab.only('application.started').durationMs).toBe(30)
  })

  test('is refused as already_started for one that is; a start under way is waited for', async () => {
    const desk = new Desk()
    const shop = desk.app('shop')
    expect(await Promise.all([desk.applications.start(shop), desk.applications.start(shop)])).toEqual([{ ok: true }, { ok: true }])
    expect(await desk.applications.start(shop)).toEqual({ ok: false, reason: 'already_started', application: 'shop' })
    expect(desk.notes).toEqual(['+shop'])
  })

  test('is refused as not_started if an application that it depends on is not', async () => {
    const desk = new Desk()
    expect(await desk.applications.start(desk.app('shop', desk.app('db')))).toEqual({ ok: false, reason: 'not_started', application: 'db' })
  })

  test('fails with what the start threw', async () => {
    const desk = new Desk()
    const result = await desk.applications.start(application({ name: 'shop', start: failing }))
    expect(result).toEqual({ ok: false, reason: 'failed', application: 'shop', because: new Crash(boom) })
    expect(desk.applications.which()).toEqual([])
  })

  test('fails with its tree; it may be tried again', async () => {
    const desk = new Desk()
    let isBroken = true
    const shop = application({ name: 'shop', start: () => desk.tree('shop', { init: () => (isBroken ? failing() : undefined) }) })
    expect(await desk.applications.start(shop)).toMatchObject({ ok: false, reason: 'failed', application: 'shop' })
    isBroken = false
    expect(await desk.applications.start(shop)).toEqual({ ok: true })
  })

  test('takes one application of a name, whose name is a label', async () => {
    const desk = new Desk()
    await desk.applications.start(desk.app('shop'))
    const code = 'ERR_OTP_OTP_BAD_APPLICATION'
    await expect(desk.applications.start(desk.app('shop'))).rejects.toMatchObject({ code })
    expect(() => desk.app('my shop')).toThrow(expect.objectContaining({ code }))
  })
})

describe('ensureAllStarted', () => {
  test('starts what an application depends on first, each once, and answers what it started', async () => {
    const desk = new Desk()
    const log = desk.app('log')
    const db = desk.app('db', log)
    const shop = desk.app('shop', db, desk.app('mail', log, db))
    expect(await desk.applications.ensureAllStarted(shop)).toEqual({ ok: true, started: ['log', 'db', 'mail', 'shop'] })
    expect(desk.notes).toEqual(['+log', '+db', '+mail', '+shop'])
  })

  test('leaves out what was started already', async () => {
    const desk = new Desk()
    const db = desk.app('db')
    await desk.applications.start(db)
    expect(await desk.applications.ensureAllStarted(desk.app('shop', db), 'permanent')).toEqual({ ok: true, started: ['shop'] })
    expect(desk.applications.which()).toEqual([
      { name: 'db', type: 'temporary' },
      { name: 'shop', type: 'permanent' },
    ])
  })

  test('stops what it started if one fails, in reverse order, and says which one', async () => {
    const desk = new Desk()
    const before = desk.app('before')
    await desk.applications.start(before)
    const broken = application({ name: 'broken', start: failing })
    const shop = desk.app('shop', before, desk.app('log'), desk.app('db'), broken)
    expect(await desk.applications.ensureAllStarted(shop)).toMatchObject({ ok: false, reason: 'failed', application: 'broken' })
    expect(desk.notes).toEqual(['+before', '+log', '+db', '-db shutdown', '-log shutdown'])
    expect(desk.applications.which()).toMatchObject([{ name: 'before' }])
  })

  test('called twice at the same time starts each once', async () => {
    const desk = new Desk()
    const shop = desk.app('shop', desk.app('db'))
    await Promise.all([desk.applications.ensureAllStarted(shop), desk.applications.ensureAllStarted(shop)])
    expect(desk.notes).toEqual(['+db', '+shop'])
  })
})

describe('start phases', () => {
  const phased = (desk: Desk, second: () => void | Promise<void>) =>
    application({
      name: 'shop',
      start: () => ({ supervisor: desk.tree('shop'), state: 'state' }),
      startPhases: [
        {
          name: 'warm',
          run: async (_context, top) => {
            await Promise.resolve()
            desk.notes.push(`warm ${top.process?.isAlive}`)
          },
        },
        { name: 'open', run: second },
      ],
      stop: (state) => void desk.notes.push(`stop ${state}`),
    })

  test('run in order when the tree is started, one after the other, before the start is over', async () => {
    const desk = new Desk()
    const open = gate()
    const started = desk.applications.start(phased(desk, () => open.promise.then(() => void desk.notes.push('open'))))
    await desk.lab.settle()
    expect(desk.lab.all('application.started')).toEqual([])
    open.resolve()
    await started
    expect(desk.notes).toEqual(['+shop', 'warm true', 'open'])
  })

  test('that fail, fail the start: the tree is stopped', async () => {
    const desk = new Desk()
    expect(await desk.applications.start(phased(desk, failing))).toEqual({
      ok: false,
      reason: 'failed',
      application: 'shop',
      because: new Crash(boom),
    })
    expect(desk.notes).toEqual(['+shop', 'warm true', '-shop shutdown', 'stop state'])
    expect(desk.lab.runtime.processCount).toBe(0)
  })

  test('during which the tree ends, fail the start', async () => {
    const desk = new Desk()
    const shop = phased(desk, async () => {
      for (const process of desk.lab.runtime.processes()) if (process.body.supervises) process.stop('shutdown')
      await desk.lab.settle()
    })
    const started = desk.applications.start(shop)
    expect(await started).toMatchObject({ ok: false, reason: 'failed', because: 'shutdown' })
    expect(desk.applications.which()).toEqual([])
  })
})

describe('stop', () => {
  test('runs prepStop before the tree is shut down, and stop after, with the state of the start', async () => {
    const desk = new Desk()
    const shop = application({
      name: 'shop',
      start: () => ({ supervisor: desk.tree('shop'), state: ['started'] }),
      prepStop: async (state) => {
        desk.notes.push('prepare')
        return [...state, 'prepared']
      },
      stop: (state) => void desk.notes.push(state.join(', ')),
    })
    await desk.applications.start(shop)
    expect(await desk.applications.stop(shop)).toEqual({ ok: true })
    expect(desk.notes).toEqual(['+shop', 'prepare', '-shop shutdown', 'started, prepared'])
    expect(desk.lab.only('application.stopped')).toMatchObject({ application: 'shop', reason: 'shutdown', cause: 'told' })
  })

  test('is refused for an application that is not started', async () => {
    const desk = new Desk()
    expect(await desk.applications.stop(desk.app('shop'))).toEqual({ ok: false, reason: 'not_started', application: 'shop' })
  })

  test('of a permanent application stops no other, and not the node', async () => {
    const desk = new Desk()
    const db = application({ name: 'db', start: () => supervisor({ name: 'db', children: [] }) })
    await desk.applications.ensureAllStarted(desk.app('shop', db), 'permanent')
    await desk.applications.stop(db)
    expect(desk.applications.which()).toMatchObject([{ name: 'shop' }])
    expect(desk.terminated).toEqual([])
  })

  test('goes on though a callback fails, and tells why', async () => {
    const desk = new Desk()
    const shop = application({
      name: 'shop',
      start: () => desk.tree('shop'),
      prepStop: (): undefined => failing(),
      stop: () => void desk.notes.push('stopped'),
    })
    await desk.applications.start(shop)
    expect(await desk.applications.stop(shop)).toEqual({ ok: true })
    expect(desk.notes).toEqual(['+shop', '-shop shutdown', 'stopped'])
    expect(desk.lab.only('application.stopped').reason).toEqual(new Crash(boom))
  })

  test('can be asked for twice, and the application started again after it', async () => {
    const desk = new Desk()
    const open = gate()
    const shop = application({ name: 'shop', start: () => desk.tree('shop'), stop: () => open.promise })
    await desk.applications.start(shop)
    const all = Promise.all([desk.applications.stop(shop), desk.applications.stop(shop), desk.applications.start(shop)])
    open.resolve()
    expect(await all).toEqual([{ ok: true }, { ok: true }, { ok: true }])
    expect(desk.notes).toEqual(['+shop', '-shop shutdown', '+shop'])
  })

  test('of all goes in reverse order of their start, and waits for a start under way', async () => {
    const desk = new Desk()
    const open = gate()
    await desk.applications.ensureAllStarted(desk.app('shop', desk.app('db')))
    const late = desk.applications.start(application({ name: 'late', start: () => open.promise.then(() => desk.tree('late')) }))
    const stopped = desk.applications.stopAll()
    open.resolve()
    await Promise.all([late, stopped])
    expect(desk.notes).toEqual(['+db', '+shop', '+late', '-late shutdown', '-shop shutdown', '-db shutdown'])
    expect(desk.applications.which()).toEqual([])
  })
})

describe('an application whose top supervisor ends by itself', () => {
  const started = async (type: 'permanent' | 'transient' | 'temporary') => {
    const desk = new Desk()
    await desk.applications.ensureAllStarted(desk.app('db'))
    const shop = application({ name: 'shop', start: () => desk.tree('shop'), stop: () => void desk.notes.push('stopped') })
    await desk.applications.start(shop, type)
    return desk
  }

  test('runs its stop, and it is told', async () => {
    const desk = await started('temporary')
    await desk.end('shop', 'shutdown')
    expect(desk.notes).toEqual(['+db', '+shop', '-shop shutdown', 'stopped'])
    expect(desk.lab.only('application.stopped')).toMatchObject({ application: 'shop', reason: 'shutdown', cause: 'ended' })
  })

  test('and is temporary takes no other application along', async () => {
    const desk = await started('temporary')
    await desk.end('shop', new Crash(boom))
    expect(desk.applications.which()).toMatchObject([{ name: 'db' }])
    expect(desk.terminated).toEqual([])
  })

  test('and is permanent takes all the others along, and the node, whatever the reason', async () => {
    const desk = await started('permanent')
    await desk.end('shop', 'normal')
    expect(desk.applications.which()).toEqual([])
    expect(desk.notes.at(-1)).toBe('-db shutdown')
    expect(desk.terminated).toEqual(['application shop, which is permanent, has ended: normal'])
  })

  test('and is transient does so only if the reason is not normal', async () => {
    const orderly = await started('transient')
    await orderly.end('shop', 'normal')
    expect(orderly.terminated).toEqual([])
    expect(orderly.applications.which()).toMatchObject([{ name: 'db' }])
    const abnormal = await started('transient')
    await abnormal.end('shop', 'shutdown')
    expect(abnormal.terminated).toEqual(['application shop, which is transient, has ended: shutdown'])
    expect(abnormal.applications.which()).toEqual([])
  })

  test('tells the node once, though others end with it', async () => {
    const desk = new Desk()
    await desk.applications.ensureAllStarted(desk.app('shop', desk.app('db')), 'permanent')
    desk.top('db').stop('normal')
    desk.top('shop').stop('normal')
    await desk.lab.settle()
    expect(desk.terminated).toHaveLength(1)
  })
})

describe('the environment', () => {
  const shop = application({ name: 'shop', env: { port: 80, hosts: ['a'] }, start: () => supervisor({ name: 'shop', children: [] }) })

  test('has the application s own values where the node configures no others', () => {
    const { applications } = new Desk()
    applications.load(shop, { port: 8080 })
    expect(applications.getEnv(shop, 'port')).toBe(8080)
    expect(applications.getAllEnv(shop)).toEqual({ port: 8080, hosts: ['a'] })
    expect(applications.loaded()).toEqual(['shop'])
  })

  test('is typed by the application', () => {
    const { applications } = new Desk()
    expectTypeOf(applications.getEnv(shop, 'port')).toEqualTypeOf<number | undefined>()
    // @ts-expect-error: a port is no text.
    applications.setEnv(shop, 'port', 'eighty')
  })

  test('is set and unset while the application runs, for this node alone', () => {
    const here = new Desk().applications
    const there = new Desk().applications
    here.setEnv(shop, 'port', 81)
    here.unsetEnv(shop, 'hosts')
    expect(here.getAllEnv(shop)).toEqual({ port: 81 })
    expect(there.getEnv(shop, 'port')).toBe(80)
  })

  test('is given to the start and the start phases', async () => {
    const { applications, notes } = new Desk()
    const app = application({
      name: 'app',
      env: { port: 80 },
      start: ({ env }) => {
        notes.push(`start ${env.port}`)
        return supervisor({ name: 'app', children: [] })
      },
      startPhases: [{ name: 'open', run: ({ env }) => void notes.push(`open ${env.port}`) }],
    })
    applications.load(app, { port: 81 })
    await applications.start(app)
    expect(notes).toEqual(['start 81', 'open 81'])
  })
})
