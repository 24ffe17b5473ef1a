// base: what every room may use and what knows no room: clock, randomness, events, errors.
export { Chain, type Member } from './chain.ts'
export { type Clock, systemClock, type Timer } from './clock.ts'
export { CodedError, type ErrorCode } from './coded-error.ts'
export { type Emitter, EventStream, type Handlers, type StreamEvents } from './event-stream.ts'
export { inWords } from './in-words.ts'
export { type Random, seededRandom, systemRandom } from './random.ts'
export { whyOf } from './why-of.ts'
