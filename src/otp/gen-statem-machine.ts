// The state of one gen_statem's process.
import type { Envelope } from '#process'
import type { EventQueue } from './gen-statem-events.ts'
import type { StatemTimers } from './gen-statem-timers.ts'

export class Machine {
  state: string
  data: unknown
  // Made when first needed: most machines have neither.
  events: EventQueue<Envelope> | undefined
  timers: StatemTimers | undefined

  constructor(state: string, data: unknown) {
    this.state = state
    this.data = data
  }
}
