// The cells of each supervisor, found once: a storm of restarts is when counting has to be cheap.
import type { NodeEvents } from '#otp-labs'
import type { HistogramCell, ValueCell } from './cells.ts'
import type { Families } from './families.ts'

export interface SupervisorCells {
  readonly restarts: Readonly<Record<NodeEvents['supervisor.child_restarted']['cause'], ValueCell>>
  readonly failures: ValueCell
  readonly gaveUp: ValueCell
  readonly duration: HistogramCell
  readonly budgetUsed: HistogramCell
}

/** Cells are made, all at 0, when a supervisor starts: its first crash has to be seen. */
export class Supervisors {
  readonly #families: Families
  readonly #cells = new Map<string, SupervisorCells>()

  constructor(families: Families) {
    this.#families = families
  }

  of(supervisor: string): SupervisorCells {
    const found = this.#cells.get(supervisor)
    if (found !== undefined) return found
    const families = this.#families
    const cells: SupervisorCells = {
      restarts: families.cells('otp_supervisor_restarts_total', { supervisor }, 'cause'),
      failures: families.value('otp_supervisor_restart_failures_total', { supervisor }),
      gaveUp: families.value('otp_supervisor_intensity_exceeded_total', { supervisor }),
      duration: families.histogram('otp_supervisor_restart_duration_seconds', { supervisor }),
      budgetUsed: families.histogram('otp_supervisor_restart_intensity_used_ratio', { supervisor }),
    }
    this.#cells.set(supervisor, cells)
    return cells
  }
}
