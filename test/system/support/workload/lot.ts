// A lot that notes each interval of its life and each bid that it takes.
import { genServer, reply } from '#otp-labs'
import type { TakeNote } from './notes.ts'

export interface Taken {
  readonly life: string
  readonly number: number
}

interface LotState {
  readonly lot: string
  readonly life: string
  readonly bids: readonly string[]
}

export type NotedLot = ReturnType<typeof notedLot>

export function notedLot(note: TakeNote) {
  return genServer({
    name: 'lot',
    // So that it can note its end when its supervisor stops it.
    trapExit: true,
    init: (lot: string, self): LotState => {
      const life = self.pid.toString()
      note({ kind: 'begin', lot, life })
      return { lot, life, bids: [] }
    },
    calls: {
      bid: (state, bid: string) => {
        const { lot, life } = state
        const bids = [...state.bids, bid]
        note({ kind: 'bid', lot, life, bid, number: bids.length })
        return reply({ life, number: bids.length } satisfies Taken, { ...state, bids })
      },
      account: (state) => {
        note({ kind: 'account', ...state })
        return reply(state.bids.length, state)
      },
    },
    terminate: (state) => note({ kind: 'end', ...state }),
  })
}
