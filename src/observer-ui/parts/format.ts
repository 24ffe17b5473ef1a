// Pure. Numbers, times and sizes as people read them.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

export const count = (value: number): string => (value < 100_000 ? whole.format(value) : short.format(value))

/** A rate: `0.4`, `12`, `3.4K`. */
export const rate = (value: number): string =>
  value !== 0 && value < 10 ? value.toFixed(1) : value < 1000 ? whole.format(value) : short.format(value)

export const share = (ratio: number): string => `${(ratio * 100).toFixed(0)} %`

/** `0 ms`, `340 ms`, `12.3 s`, `4 min`, `3 h`, `2 d`. */
export function duration(ms: number): string {
  if (ms < 1) return ms === 0 ? '0 ms' : '< 1 ms'
  if (ms < 1000) return `${ms.toFixed(0)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h`
  return `${Math.floor(ms / 86_400_000)} d`
}

export function bytes(size: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  let value = size
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`
}

/** The time of day at the reader's place, with milliseconds. */
export function clock(iso: string): string {
  const at = new Date(iso)
  return `${at.toLocaleTimeString('en-GB')}.${String(at.getMilliseconds()).padStart(3, '0')}`
}

/** `n1` of `n1.lq3f9a.42`. */
export const nodeOf = (pid: string): string => pid.split('.')[0] ?? pid

/** `reasons` that are objects are shown as JSON, texts as they are. */
export const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
