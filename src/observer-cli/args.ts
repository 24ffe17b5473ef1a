// Pure. What `otp-observer` was asked to show, or what is wrong with how it was asked.

import { parseArgs } from 'node:util'
import { whyOf } from '#base'

/** By what processes are ordered, with the key that chooses it. */
export const ORDERS = { m: 'mailbox', o: 'oldest', r: 'rate', h: 'handled', b: 'busy', s: 'restarts', a: 'age' } as const
export type Order = (typeof ORDERS)[keyof typeof ORDERS]

export interface CliOptions {
  /** Base address of a node, without a slash at its end. */
  readonly url: string
  readonly token: string | undefined
  readonly sort: Order
  readonly intervalMs: number
  readonly once: boolean
  readonly json: boolean
}

export type Asked =
  | { readonly ok: true; readonly options: CliOptions }
  | { readonly ok: false; readonly exitCode: 0 | 2; readonly text: string }

export const USAGE = `otp-observer: a cluster, live, as one of its nodes tells it.

  otp-observer [--url http://127.0.0.1:4001] [--sort ${Object.values(ORDERS).join('|')}] [--interval 1000]
  otp-observer --once [--json]     once, for scripts

  --url       a node's address       (or OTP_OBSERVER_URL)
  --token     where one is needed    (or OTP_OBSERVER_TOKEN, OTP_OBSERVER_TOKEN_FILE: others see arguments)
  --sort      by what processes are ordered, the most first
  --interval  ms between two looks, from 250 on
  --once      one look, then the end; exit code 1 if nodes are missing in it
  --json      with --once: the answers as one JSON document

Keys: ${Object.entries(ORDERS)
  .map(([key, order]) => `${key} ${order}`)
  .join(', ')}; q ends it.
`

const wrong = (text: string): Asked => ({ ok: false, exitCode: 2, text: `${text}\n\n${USAGE}` })
const isOrder = (text: string): text is Order => (Object.values(ORDERS) as string[]).includes(text)

/** `read` reads a file with a token in it. */
export function readArguments(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  read: (path: string) => string,
): Asked {
  let values: ReturnType<typeof parse>
  try {
    values = parse(argv)
  } catch (error) {
    return wrong(whyOf(error))
  }
  if (values.help) return { ok: false, exitCode: 0, text: USAGE }
  const address = values.url ?? env['OTP_OBSERVER_URL'] ?? 'http://127.0.0.1:4001'
  if (!URL.canParse(address) || !/^https?:/.test(address)) return wrong(`expected --url to be an http address, got ${address}`)
  if (!isOrder(values.sort)) return wrong(`expected --sort to be one of ${Object.values(ORDERS).join(', ')}, got ${values.sort}`)
  const intervalMs = Number(values.interval)
  if (!Number.isInteger(intervalMs) || intervalMs < 250)
    return wrong(`expected --interval to be a whole number from 250 on, got ${values.interval}`)
  if (values.json && !values.once) return wrong('--json is one document: it goes with --once')
  const file = env['OTP_OBSERVER_TOKEN_FILE']
  let token = values.token ?? env['OTP_OBSERVER_TOKEN']
  try {
    token ??= file === undefined ? undefined : read(file).trim()
  } catch (error) {
    return wrong(`expected OTP_OBSERVER_TOKEN_FILE to be a file with a token, got ${file}: ${whyOf(error)}`)
  }
  const options = { url: address.replace(/\/+$/, ''), token, sort: values.sort, intervalMs, once: values.once, json: values.json }
  return { ok: true, options }
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    options: {
      url: { type: 'string' },
      token: { type: 'string' },
      sort: { type: 'string', default: 'mailbox' },
      interval: { type: 'string', default: '1000' },
      once: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }).values
}
