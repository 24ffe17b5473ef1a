// The cells of each behaviour, found once: what happens with every process, and with one in so many messages, is counted here.
import type { NodeEvents } from '#otp-labs'
import type { HistogramCell, ValueCell } from './cells.ts'
import type { Families } from './families.ts'

type CellsBy<E extends keyof NodeEvents, F extends keyof NodeEvents[E]> = Readonly<Record<NodeEvents[E][F] & string, ValueCell>>

export interface BehaviourCells {
  readonly spawns: CellsBy<'process.spawned', 'cause'>
  readonly failures: CellsBy<'process.spawn_failed', 'class'>
  readonly exits: CellsBy<'process.exited', 'class'>
  readonly ignored: ValueCell
  readonly init: HistogramCell
  readonly lifetime: HistogramCell
  readonly wait: HistogramCell
  readonly handle: HistogramCell
}

/** Cells are made, all at 0, when a behaviour is first spoken of. */
export class Behaviours {
  readonly #families: Families
  readonly #cells = new Map<string, BehaviourCells>()

  constructor(families: Families) {
    this.#families = families
  }

  of(behaviour: string): BehaviourCells {
    const found = this.#cells.get(behaviour)
    if (found !== undefined) return found
    const families = this.#families
    const cells: BehaviourCells = {
      spawns: families.cells('otp_process_spawns_total', { behaviour }, 'cause'),
      failures: families.cells('otp_process_spawn_failures_total', { behaviour }, 'class'),
      exits: families.cells('otp_process_exits_total', { behaviour }, 'class'),
      ignored: families.value('otp_process_starts_ignored_total', { behaviour }),
      init: families.histogram('otp_process_init_duration_seconds', { behaviour }),
      lifetime: families.histogram('otp_process_lifetime_seconds', { behaviour }),
      wait: families.histogram('otp_mailbox_wait_seconds', { behaviour }),
      handle: families.histogram('otp_message_handle_duration_seconds', { behaviour }),
    }
    this.#cells.set(behaviour, cells)
    return cells
  }
}
