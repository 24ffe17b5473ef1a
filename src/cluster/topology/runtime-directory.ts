// The private directory in which nodes of one host and user leave word of themselves.
import { lstat, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CodedError } from '#base'

/** `$XDG_RUNTIME_DIR/otp-labs`, or `otp-labs-<uid>` in the directory for temporary files. */
export function defaultRuntimeDirectory(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const runtime = environment.XDG_RUNTIME_DIR
  if (runtime?.startsWith('/')) return join(runtime, 'otp-labs')
  return join(tmpdir(), `otp-labs-${process.getuid?.() ?? 'user'}`)
}

/**
 * Makes the directory (mode 0700) if there is none, and throws `ERR_OTP_CLUSTER_RUNTIME_DIRECTORY` unless it is this user's own and
 * nobody else may write to it: whoever can, decides whom this node dials.
 */
export async function privateDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const stats = await lstat(directory)
  const user = process.getuid?.()
  if (!stats.isDirectory()) throw refused(directory, 'it is no directory (nor may it be a link to one)')
  if (user === undefined) return
  if (stats.uid !== user) throw refused(directory, `it belongs to user ${stats.uid}, this is user ${user}; choose another directory`)
  if ((stats.mode & 0o022) !== 0) {
    throw refused(directory, `others may write to it (mode ${(stats.mode & 0o777).toString(8)}); run: chmod 700 ${directory}`)
  }
}

function refused(directory: string, why: string): CodedError {
  return new CodedError('ERR_OTP_CLUSTER_RUNTIME_DIRECTORY', `cannot use ${directory} to find other nodes of this host: ${why}`)
}
