// The one clock that all OS processes and network namespaces of a machine share.

/** Milliseconds of CLOCK_MONOTONIC. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
