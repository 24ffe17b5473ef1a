// A registry of this node does what Elixir's Registry does, sentence by sentence of its documentation.
import { describe, expect, expectTypeOf, test } from 'vitest'
import { duplicateRegistry, genServer, type Registered, type RegistryKey, reply, supervisor, uniqueRegistry } from '#otp'
import type { Process } from '#process'
import { start } from '#test/otp/support/start.ts'
import { body, Lab, noting } from '#test/process/support/lab.ts'

const BAD = { code: 'ERR_OTP_OTP_REGISTRY_NOT_UNIQUE' }

function unique() {
  const lab = new Lab()
  return { lab, registry: uniqueRegistry<string, number>(lab.runtime, { name: 'lots' }), ...two(lab) }
}

function duplicate() {
  const lab = new Lab()
  return { lab, registry: duplicateRegistry<string, number>(lab.runtime, { name: 'topics' }), ...two(lab) }
}

function two(lab: Lab): { one: Process; other: Process } {
  return { one: lab.spawn(body()), other: lab.spawn(body()) }
}

const end = (process: Process) => process.signal(process.pid, 'kill')
const pairs = (entries: readonly Registered<RegistryKey, unknown>[]) => entries.map(({ pid, value }) => [`${pid}`, value])

describe('a registry with unique keys', () => {
  test('leads from a key to no process or to one', () => {
    const { registry, one } = unique()
    expect(registry.lookup('hello')).toEqual([])
    expect(registry.register('hello', one.pid, 1)).toEqual({ ok: true })
    expect(registry.lookup('hello')).toEqual([{ key: 'hello', pid: one.pid, value: 1 }])
  })

  test('answers already_registered and by whom, even to the process that has the key', () => {
    const { registry, one, other } = unique()
    registry.register('hello', one.pid, 1)
    const refused = { ok: false, reason: 'already_registered', pid: one.pid }
    expect(registry.register('hello', other.pid, 2)).toEqual(refused)
    expect(registry.register('hello', one.pid, 2)).toEqual(refused)
    expect(registry.lookup('hello')).toMatchObject([{ value: 1 }])
  })

  test('may lead from different keys to the same process', () => {
    const { registry, one } = unique()
    registry.register('a', one.pid, 1)
    registry.register('b', one.pid, 2)
    expect(registry.keys(one.pid)).toEqual(['a', 'b'])
  })
})

describe('a registry with duplicate keys', () => {
  test('leads from a key to any number of processes', () => {
    const { registry, one, other } = duplicate()
    expect(registry.register('hello', one.pid, 1)).toEqual({ ok: true })
    expect(registry.register('hello', other.pid, 2)).toEqual({ ok: true })
    expect(pairs(registry.lookup('hello'))).toEqual([
      [`${one.pid}`, 1],
      [`${other.pid}`, 2],
    ])
  })

  test('takes the same process under the same key several times', () => {
    const { registry, one } = duplicate()
    registry.register('hello', one.pid, 1)
    registry.register('hello', one.pid, 1)
    expect(registry.keys(one.pid)).toEqual(['hello', 'hello'])
    expect(registry.values('hello', one.pid)).toEqual([1, 1])
    expect(registry.count()).toBe(2)
  })

  test('makes no names, and has no value to update', () => {
    const { registry, one } = duplicate()
    const untyped = registry as never as ReturnType<typeof unique>['registry']
    expect(() => untyped.ref('hello')).toThrow(expect.objectContaining(BAD))
    expect(() => untyped.whereis('hello')).toThrow(expect.objectContaining(BAD))
    expect(() => untyped.updateValue('hello', one.pid, (n) => n)).toThrow(expect.objectContaining(BAD))
    // @ts-expect-error: the compiler says so, too.
    const refused = () => registry.ref('hello')
    expect(refused).toThrow()
  })
})

describe('an entry', () => {
  test('goes when its process ends, and its key is free', () => {
    const { lab, registry, one, other } = unique()
    registry.register('a', one.pid, 1)
    registry.register('b', one.pid, 1)
    end(one)
    expect(registry.lookup('a')).toEqual([])
    expect(registry.keys(one.pid)).toEqual([])
    expect(registry.count()).toBe(0)
    expect(registry.register('a', other.pid, 2)).toEqual({ ok: true })
    expect(lab.runtime.processCount).toBe(1)
  })

  test('of a duplicate key goes without the others', () => {
    const { registry, one, other } = duplicate()
    registry.register('hello', one.pid, 1)
    registry.register('hello', other.pid, 2)
    end(one)
    expect(pairs(registry.lookup('hello'))).toEqual([[`${other.pid}`, 2]])
    expect(registry.count()).toBe(1)
  })

  test('is not seen any more by those whose end follows from that of its process', () => {
    const { lab, registry, one } = unique()
    registry.register('a', one.pid, 1)
    const seen: unknown[] = []
    const linked = lab.spawn(body())
    linked.link(one)
    lab.events.subscribe('test', {
      'process.exited': () =>
        seen.push(
          registry.lookup('a'),
          registry.keys(one.pid),
          registry.select(() => true),
        ),
    })
    end(one)
    expect(seen).toEqual([[], [], [], [], [], []])
  })

  test('is made for live processes of this node alone', () => {
    const { registry, one } = unique()
    end(one)
    expect(() => registry.register('a', one.pid, 1)).toThrow(expect.objectContaining({ code: 'ERR_OTP_OTP_REGISTRY_NOT_LOCAL' }))
  })
})

describe('keys', () => {
  test('are compared by what they hold: texts, numbers, truth values, and lists of them', () => {
    const lab = new Lab()
    const registry = uniqueRegistry<RegistryKey>(lab.runtime, { name: 'any' })
    const { one } = two(lab)
    const keys: RegistryKey[] = ['1', 1, true, 'true', ['a', 'b'], ['a,b'], ['a', ['b']], '["a","b"]', [], ['1'], [1]]
    for (const key of keys) expect(registry.register(key, one.pid)).toEqual({ ok: true })
    for (const key of keys) expect(registry.register(key, one.pid)).toMatchObject({ ok: false })
    expect(registry.lookup(['a', 'b'])).toMatchObject([{ key: ['a', 'b'] }])
    expect(registry.values(['a', ['b']], one.pid)).toEqual([undefined])
  })

  test('of a process are listed, those of another are not', () => {
    const { registry, one, other } = unique()
    registry.register('a', one.pid, 1)
    expect(registry.keys(other.pid)).toEqual([])
  })
})

describe('unregister', () => {
  test('takes off all that the process has under a key, and nobody else s', () => {
    const { registry, one, other } = duplicate()
    registry.register('hello', one.pid, 1)
    registry.register('hello', one.pid, 2)
    registry.register('hello', other.pid, 3)
    registry.register('bye', one.pid, 4)
    registry.unregister('hello', one.pid)
    expect(pairs(registry.lookup('hello'))).toEqual([[`${other.pid}`, 3]])
    expect(registry.keys(one.pid)).toEqual(['bye'])
  })

  test('does nothing where there is nothing, or it belongs to another', () => {
    const { registry, one, other } = unique()
    registry.register('a', one.pid, 1)
    registry.unregister('a', other.pid)
    registry.unregister('b', one.pid)
    expect(registry.count()).toBe(1)
  })

  test('lets a process register anew, and go without a trace', () => {
    const { registry, one } = unique()
    registry.register('a', one.pid, 1)
    registry.unregister('a', one.pid)
    registry.register('a', one.pid, 2)
    end(one)
    expect(registry.count()).toBe(0)
  })

  test('by a match takes off those alone whose value fits', () => {
    const { registry, one } = duplicate()
    registry.register('hello', one.pid, 1)
    registry.register('hello', one.pid, 2)
    registry.unregisterMatch('hello', one.pid, (value) => value > 1)
    expect(registry.values('hello', one.pid)).toEqual([1])
  })
})

describe('values', () => {
  test('are those of a process under a key', () => {
    const { registry, one, other } = duplicate()
    registry.register('hello', one.pid, 1)
    registry.register('hello', other.pid, 2)
    expect(registry.values('hello', other.pid)).toEqual([2])
    expect(registry.values('bye', other.pid)).toEqual([])
  })

  test('updateValue changes that of a unique key, and answers the new one and the old one', () => {
    const { registry, one } = unique()
    registry.register('hello', one.pid, 1)
    expect(registry.updateValue('hello', one.pid, (value) => value + 1)).toEqual({ value: 2, previous: 1 })
    expect(registry.lookup('hello')).toMatchObject([{ value: 2 }])
  })

  test('updateValue answers nothing if the process does not have the key', () => {
    const { registry, one, other } = unique()
    registry.register('hello', one.pid, 1)
    expect(registry.updateValue('hello', other.pid, (value) => value + 1)).toBeUndefined()
    expect(registry.updateValue('bye', one.pid, (value) => value + 1)).toBeUndefined()
  })
})

describe('count, match and select', () => {
  test('count says how many entries there are, countMatch how many fit under a key, countSelect how many fit of all', () => {
    const { registry, one, other } = duplicate()
    expect(registry.count()).toBe(0)
    registry.register('hello', one.pid, 1)
    registry.register('hello', other.pid, 2)
    registry.register('bye', one.pid, 2)
    expect(registry.count()).toBe(3)
    expect(registry.countMatch('hello', (value) => value > 1)).toBe(1)
    expect(registry.countSelect(({ value }) => value > 1)).toBe(2)
  })

  test('match answers the entries under a key whose value fits', () => {
    const { registry, one, other } = duplicate()
    registry.register('hello', one.pid, 1)
    registry.register('hello', other.pid, 2)
    expect(registry.match('hello', (value) => value === 2)).toEqual([{ key: 'hello', pid: other.pid, value: 2 }])
    expect(registry.match('bye', () => true)).toEqual([])
  })

  test('select answers the entries of any key that fit, by key, pid and value', () => {
    const { registry, one, other } = unique()
    registry.register('hello', one.pid, 1)
    registry.register('world', other.pid, 2)
    expect(registry.select(({ key }) => key.startsWith('w')).map(({ value }) => value)).toEqual([2])
    expect(registry.select(({ pid }) => pid.equals(one.pid)).map(({ key }) => key)).toEqual(['hello'])
    expect(registry.select(() => true)).toHaveLength(2)
  })

  test('select by a type guard answers that type', () => {
    const lab = new Lab()
    const { one } = two(lab)
    const registry = uniqueRegistry<string, number | string>(lab.runtime, { name: 'mixed' })
    registry.register('n', one.pid, 1)
    registry.register('s', one.pid, 'one')
    type Numbers = Registered<string, number | string> & { readonly value: number }
    const numbers = registry.select((entry): entry is Numbers => typeof entry.value === 'number')
    expectTypeOf(numbers).toEqualTypeOf<readonly Numbers[]>()
    expect(numbers.map(({ key }) => key)).toEqual(['n'])
  })
})

describe('dispatch', () => {
  test('calls the function with all entries under a key, where the caller is', () => {
    const { registry, one, other } = duplicate()
    registry.register('hello', one.pid, 1)
    registry.register('hello', other.pid, 2)
    const seen: unknown[] = []
    registry.dispatch('hello', (entries) => seen.push(pairs(entries)))
    expect(seen).toEqual([
      [
        [`${one.pid}`, 1],
        [`${other.pid}`, 2],
      ],
    ])
  })

  test('never calls it if there are none', () => {
    const { registry } = duplicate()
    registry.dispatch('hello', () => expect.unreachable())
  })

  test('fails with the function: the processes hear nothing of it', () => {
    const { registry, one } = unique()
    registry.register('hello', one.pid, 1)
    const failing = (): never => {
      throw new Error('bad registration')
    }
    expect(() => registry.dispatch('hello', failing)).toThrow('bad registration')
    expect(one.isAlive).toBe(true)
  })

  test('makes publishing and subscribing', async () => {
    const lab = new Lab()
    const heard: string[] = []
    const registry = duplicateRegistry<string>(lab.runtime, { name: 'topics' })
    for (let i = 0; i < 3; i++) registry.register('news', lab.spawn(noting(heard)).pid)
    registry.dispatch('news', (entries) => {
      for (const { pid } of entries) lab.runtime.send(pid, 'info', 'broadcast', 'world')
    })
    await lab.settle()
    expect(heard).toEqual(['broadcast world', 'broadcast world', 'broadcast world'])
  })
})

describe('metadata', () => {
  test('comes with the registry, is put, read and deleted, and typed', () => {
    const registry = uniqueRegistry<string, number, { limit: number; owner: string }>(new Lab().runtime, {
      name: 'lots',
      meta: { limit: 3 },
    })
    expect(registry.meta('limit')).toBe(3)
    expect(registry.meta('owner')).toBeUndefined()
    registry.putMeta('owner', 'ada')
    registry.putMeta('limit', 4)
    expectTypeOf(registry.meta('owner')).toEqualTypeOf<string | undefined>()
    expect([registry.meta('owner'), registry.meta('limit')]).toEqual(['ada', 4])
    registry.deleteMeta('limit')
    expect(registry.meta('limit')).toBeUndefined()
  })
})

describe('listeners', () => {
  const listened = () => {
    const lab = new Lab()
    const heard: unknown[] = []
    lab.spawn(
      body((_self, { name, payload }) => void heard.push([name, payload])),
      { name: 'listener' },
    )
    const registry = uniqueRegistry<string, number>(lab.runtime, { name: 'lots', listeners: ['listener', 'nobody'] })
    return { lab, heard, registry, one: lab.spawn(body()) }
  }

  test('are told of every registration and of who unregisters', async () => {
    const { lab, heard, registry, one } = listened()
    registry.register('a', one.pid, 1)
    registry.register('a', one.pid, 2)
    registry.unregister('a', one.pid)
    registry.unregister('a', one.pid)
    await lab.settle()
    expect(heard).toEqual([
      ['register', { registry: 'lots', key: 'a', pid: one.pid, value: 1 }],
      ['unregister', { registry: 'lots', key: 'a', pid: one.pid }],
    ])
  })

  test('monitor a process themselves if they want to know of its crash', async () => {
    const { lab, heard, registry, one } = listened()
    registry.register('a', one.pid, 1)
    end(one)
    await lab.settle()
    expect(heard).toHaveLength(1)
  })

  test('that are not there miss it', async () => {
    const { lab, registry, one } = listened()
    registry.register('a', one.pid, 1)
    await lab.settle()
    expect(lab.all('process.dead_letter')).toEqual([])
  })
})

describe('a name of a registry', () => {
  const Echo = genServer({
    name: 'echo',
    init: (id: string) => id,
    calls: { say: (id, text: string) => reply(`${id}: ${text}`, id) },
    casts: { become: (_id, id: string) => id },
  })

  const named = () => {
    const lab = new Lab()
    const registry = uniqueRegistry<readonly [string, number]>(lab.runtime, { name: 'echoes' })
    return { lab, registry, ref: registry.ref(['echo', 1], Echo) }
  }

  test('is used wherever a reference is: it leads to whoever has the key when it is used', async () => {
    const { lab, registry, ref } = named()
    const first = start(lab, Echo, 'first')
    registry.register(['echo', 1], first.pid)
    expect(await lab.runtime.call(ref, 'say', 'hi')).toBe('first: hi')
    lab.runtime.send(ref, 'cast', 'become', 'changed')
    expect(await lab.runtime.call(ref, 'say', 'hi')).toBe('changed: hi')
    end(first)
    registry.register(['echo', 1], start(lab, Echo, 'second').pid)
    expect(await lab.runtime.call(ref, 'say', 'hi')).toBe('second: hi')
    expect(registry.whereis(['echo', 1])?.process?.body.name).toBe('echo')
  })

  test('that nobody has fails a call with noproc, and is told in words', async () => {
    const { lab, ref } = named()
    await expect(lab.runtime.call(ref, 'say', 'hi')).rejects.toMatchObject({ reason: 'noproc' })
    expect(lab.only('process.dead_letter')).toMatchObject({ to: 'echoes/["echo",1]', message: 'call say' })
    expect(lab.runtime.counts('echo').calls.noproc).toBe(1)
  })

  test('is given to a process at its start, and the start is refused if the key is taken', async () => {
    const { lab, registry, ref } = named()
    const options = { cause: 'boot', name: registry.via(['echo', 1]) } as const
    const first = lab.spawn(Echo.body, options, 'first')
    expect(await lab.runtime.call(ref, 'say', 'hi')).toBe('first: hi')
    expect(await lab.runtime.spawn(Echo.body, 'second', options)).toEqual({ ok: false, reason: 'already_started', pid: first.pid })
    expect(registry.keys(first.pid)).toEqual([['echo', 1]])
  })

  test('is free again after a start that failed, and follows a child that is restarted', async () => {
    const { lab, registry, ref } = named()
    const name = registry.via(['echo', 1])
    const broken = genServer({
      name: 'broken',
      init: () => {
        throw new Error('broken')
      },
    })
    expect(await lab.runtime.spawn(broken.body, undefined, { cause: 'boot', name })).toMatchObject({ ok: false })
    expect(registry.count()).toBe(0)
    start(lab, supervisor({ name: 'root', children: [{ id: 'echo', start: [Echo, 'child'], name }] }))
    registry.whereis(['echo', 1])?.process?.signal(lab.spawn(body()).pid, 'kill')
    await lab.settle()
    expect(await lab.runtime.call(ref, 'say', 'hi')).toBe('child: hi')
    expect(lab.all('supervisor.child_restarted')).toHaveLength(1)
  })
})
