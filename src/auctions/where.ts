// Pure. Where a process lives, as answers say it.
import type { Pid } from '#otp-labs'

/** `n1` of `n1.lq3f9a.42`: operators know nodes by their names. */
export const addressOf = (id: string, pid: Pid | undefined) => ({
  id,
  node: pid === undefined ? null : pid.node.slice(0, pid.node.indexOf('.')),
  pid: pid?.toString() ?? null,
})
