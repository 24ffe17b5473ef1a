// The event stream: typed tables, in order, and deaf to what its listeners do wrong.
import { expect, test } from 'vitest'
import { EventStream, type StreamEvents } from '#base'

interface Facts {
  'room.opened': { door: string }
  'room.closed': { door: string }
}

function stream(): { events: EventStream<Facts>; heard: string[] } {
  return { events: new EventStream<Facts>(), heard: [] }
}

test('subscribers hear a fact in the order in which they subscribed, before emit returns', () => {
  const { events, heard } = stream()
  events.subscribe('first', { 'room.opened': ({ door }) => heard.push(`first ${door}`) })
  events.subscribe('second', { 'room.opened': ({ door }) => heard.push(`second ${door}`) })
  events.emit('room.opened', { door: 'north' })
  expect(heard).toEqual(['first north', 'second north'])
})

test('a subscriber hears what its table has a function for, and not what it says null to', () => {
  const { events, heard } = stream()
  events.subscribe('one', { 'room.opened': () => heard.push('opened'), 'room.closed': null })
  events.emit('room.opened', { door: 'north' })
  events.emit('room.closed', { door: 'north' })
  expect(heard).toEqual(['opened'])
})

test('a fact that nobody listens to is not wanted, and stating it does nothing', () => {
  const { events } = stream()
  expect(events.wants('room.opened')).toBe(false)
  const off = events.subscribe('one', { 'room.opened': () => undefined, 'room.closed': null })
  expect([events.wants('room.opened'), events.wants('room.closed')]).toEqual([true, false])
  off()
  expect(events.wants('room.opened')).toBe(false)
  events.emit('room.opened', { door: 'north' })
})

test('a subscriber that throws hears nothing any more, and that is a fact itself', () => {
  const { events, heard } = stream()
  const detached: StreamEvents['events.subscriber_detached'][] = []
  events.subscribe('watch', { 'events.subscriber_detached': (event) => detached.push(event) })
  events.subscribe('bad', {
    'room.opened': () => {
      throw new TypeError('no')
    },
    'room.closed': () => heard.push('bad hears more'),
  })
  events.emit('room.opened', { door: 'north' })
  events.emit('room.opened', { door: 'south' })
  events.emit('room.closed', { door: 'south' })
  expect(detached).toEqual([{ subscriber: 'bad', event: 'room.opened', error: 'TypeError: no' }])
  expect(heard).toEqual([])
})

test('a subscriber that throws keeps nothing from those after it', () => {
  const { events, heard } = stream()
  events.subscribe('bad', {
    'room.opened': () => {
      throw new Error('no')
    },
  })
  events.subscribe('good', { 'room.opened': () => heard.push('good') })
  events.emit('room.opened', { door: 'north' })
  expect(heard).toEqual(['good'])
})

test('a subscriber that throws at the news of a detachment is detached, and there it ends', () => {
  const { events, heard } = stream()
  events.subscribe('worse', {
    'events.subscriber_detached': () => {
      throw new Error('no')
    },
  })
  events.subscribe('witness', { 'events.subscriber_detached': ({ subscriber }) => heard.push(subscriber) })
  events.subscribe('bad', {
    'room.opened': () => {
      throw new Error('no')
    },
  })
  events.emit('room.opened', { door: 'north' })
  expect(heard.toSorted()).toEqual(['bad', 'worse'])
})

test.each([
  ['an object without a prototype', Object.create(null), '{}'],
  [
    'an object whose toJSON throws',
    Object.assign(Object.create(null), {
      toJSON: () => {
        throw new Error('no')
      },
    }),
    'a value of type object that cannot be printed',
  ],
  ['a symbol', Symbol('x'), 'Symbol(x)'],
  ['nothing', undefined, 'undefined'],
])('a subscriber may throw %s', (_what, thrown, words) => {
  const { events, heard } = stream()
  events.subscribe('watch', { 'events.subscriber_detached': ({ error }) => heard.push(error) })
  events.subscribe('bad', {
    'room.opened': () => {
      throw thrown
    },
  })
  events.emit('room.opened', { door: 'north' })
  expect(heard).toEqual([words])
})

test('who is taken off during an emit hears that fact still, and no later one', () => {
  const { events, heard } = stream()
  events.subscribe('first', {
    'room.opened': () => {
      heard.push('first')
      off()
    },
  })
  const off = events.subscribe('second', { 'room.opened': () => heard.push('second') })
  events.emit('room.opened', { door: 'north' })
  events.emit('room.opened', { door: 'north' })
  expect(heard).toEqual(['first', 'second', 'first'])
})

test('who subscribes during an emit hears the next fact', () => {
  const { events, heard } = stream()
  events.subscribe('first', {
    'room.opened': () => {
      events.subscribe('late', { 'room.opened': () => heard.push('late') })
    },
  })
  events.emit('room.opened', { door: 'north' })
  expect(heard).toEqual([])
  events.emit('room.opened', { door: 'north' })
  expect(heard).toEqual(['late'])
})

test('a fact stated by a listener is heard before the listeners after it hear the first', () => {
  const { events, heard } = stream()
  events.subscribe('first', { 'room.opened': ({ door }) => events.emit('room.closed', { door }) })
  events.subscribe('second', { 'room.opened': () => heard.push('opened'), 'room.closed': () => heard.push('closed') })
  events.emit('room.opened', { door: 'north' })
  expect(heard).toEqual(['closed', 'opened'])
})

test('a second table under the same name takes the place of the first, whose end does not touch it', () => {
  const { events, heard } = stream()
  const offOld = events.subscribe('one', { 'room.opened': () => heard.push('old'), 'room.closed': () => heard.push('old') })
  events.subscribe('one', { 'room.opened': () => heard.push('new') })
  offOld()
  events.emit('room.opened', { door: 'north' })
  events.emit('room.closed', { door: 'north' })
  expect(heard).toEqual(['new'])
})
