#!/usr/bin/env node
// `otp-observer`: a live view of a cluster in a terminal, or one look for scripts.
import { readFileSync } from 'node:fs'
import { emitKeypressEvents } from 'node:readline'
import { systemClock, whyOf } from '#base'
import { type CliOptions, ORDERS, type Order, readArguments } from './args.ts'
import { look } from './look.ts'
import { render } from './screen.ts'

const ALTERNATE = { on: '\u001b[?1049h\u001b[?25l', off: '\u001b[?1049l\u001b[?25h' } as const
const HOME = '\u001b[H'
const CLEAR_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'
/** Where output is no terminal. */
const SIZE = { columns: 160, rows: 60 } as const

const sizeOf = ({ columns = SIZE.columns, rows = SIZE.rows }: { columns?: number; rows?: number }) => ({ columns, rows })

async function once(options: CliOptions): Promise<number> {
  const seen = await look(options)
  const text = options.json ? JSON.stringify(seen, null, 2) : render(seen, options.sort, sizeOf(process.stdout)).join('\n')
  process.stdout.write(`${text}\n`)
  return seen.cluster.missing.length === 0 ? 0 : 1
}

/** Draws until `q`, Ctrl-C or the end of the input. */
async function live(options: CliOptions): Promise<number> {
  const { stdin, stdout } = process
  const ended = Promise.withResolvers<number>()
  let sort: Order = options.sort
  let timer: { cancel(): void } | undefined
  let isOver = false
  const draw = async (): Promise<void> => {
    timer?.cancel()
    const { columns, rows } = sizeOf(stdout)
    let lines: string[]
    try {
      lines = render(await look({ ...options, sort }), sort, { columns, rows: rows - 1 })
    } catch (error) {
      lines = [whyOf(error), 'It is asked again; q ends this.']
    }
    if (isOver) return
    stdout.write(`${HOME}${lines.map((line) => line + CLEAR_LINE).join('\n')}${CLEAR_BELOW}`)
    timer = systemClock.after(options.intervalMs, () => void draw())
  }
  const onKey = (_text: string, key: { readonly name?: string; readonly ctrl?: boolean }): void => {
    if (key.name === 'q' || (key.ctrl && key.name === 'c')) ended.resolve(0)
    if (key.name === undefined || !(key.name in ORDERS)) return
    sort = ORDERS[key.name as keyof typeof ORDERS]
    void draw()
  }
  emitKeypressEvents(stdin)
  stdin.setRawMode(true)
  stdin.on('keypress', onKey)
  stdin.on('end', () => ended.resolve(0))
  process.on('SIGTERM', () => ended.resolve(0))
  stdout.write(ALTERNATE.on)
  try {
    void draw()
    return await ended.promise
  } finally {
    isOver = true
    timer?.cancel()
    stdout.write(ALTERNATE.off)
    stdin.setRawMode(false)
    stdin.pause()
  }
}

async function main(): Promise<number> {
  const asked = readArguments(process.argv.slice(2), process.env, (path) => readFileSync(path, 'utf8'))
  if (!asked.ok) {
    const stream = asked.exitCode === 0 ? process.stdout : process.stderr
    stream.write(asked.text)
    return asked.exitCode
  }
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY
  return asked.options.once || !isTerminal ? once(asked.options) : live(asked.options)
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(`otp-observer: ${whyOf(error)}\n`)
    process.exitCode = 2
  },
)
