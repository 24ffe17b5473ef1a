// What the load driver is told on its command line. Pure.
import { parseArgs } from 'node:util'

export interface LoadOptions {
  /** Base addresses of the nodes, such as `http://127.0.0.1:4001`. */
  readonly targets: readonly string[]
  /** Bids a second, whether they are answered or not. */
  readonly rate: number
  /** About so many lots are open at any time. */
  readonly lots: number
  /** Undefined: until it is told to stop. */
  readonly durationMs: number | undefined
}

const USAGE =
  'node src/auctions/driver.ts --targets http://127.0.0.1:4001,http://127.0.0.1:4002 [--rate 150] [--lots 40] [--duration seconds]'

/** Throws an `Error` that says what is wrong and how it is used. */
export function readLoadOptions(args: readonly string[]): LoadOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { targets: { type: 'string' }, rate: { type: 'string' }, lots: { type: 'string' }, duration: { type: 'string' } },
    })
    return {
      targets: addresses(values.targets),
      rate: within('--rate', values.rate ?? '150', 0.1, 10_000),
      lots: Math.trunc(within('--lots', values.lots ?? '40', 1, 10_000)),
      durationMs: values.duration === undefined ? undefined : within('--duration', values.duration, 0.1, 86_400) * 1000,
    }
  } catch (error) {
    throw new Error(`${(error as Error).message}\nusage: ${USAGE}`, { cause: error })
  }
}

function addresses(list: string | undefined): string[] {
  if (list === undefined) throw new Error('--targets is needed: the addresses of the nodes')
  return list.split(',').map((address) => {
    if (URL.parse(address)?.protocol === 'http:') return address.replace(/\/+$/, '')
    throw new Error(`--targets: expected addresses such as http://127.0.0.1:4001, got '${address}'`)
  })
}

function within(option: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= least && value <= most) return value
  throw new Error(`${option}: expected a number from ${least} to ${most}, got '${text}'`)
}
