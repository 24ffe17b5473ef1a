// Which servers of NATS can be relied on. Pure.

/** Time to live of single keys came with it; and with three replicas, 2.9 lets up to sixteen writers of one revision win. */
export const OLDEST_SERVER = '2.11'

export function isAble(version: string): boolean {
  const [major = Number.NaN, minor = 0] = numbersOf(version)
  const [leastMajor = 0, leastMinor = 0] = numbersOf(OLDEST_SERVER)
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
}

/** What to say of one that is not. */
export function refusal(version: string, where: string): string {
  return (
    `expected a server of NATS ${OLDEST_SERVER} or later, since earlier ones do not keep what a compare-and-set promises; got ${version} ` +
    `at ${where}. Upgrade it: the program is one file, from https://github.com/nats-io/nats-server/releases, or the image ` +
    `docker.io/library/nats, or the package nats-server of a later Debian`
  )
}

function numbersOf(version: string): number[] {
  return /^v?(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? []
}
