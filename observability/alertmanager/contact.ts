// A contact to try things with: an address for Alertmanager's webhooks that prints what it is told.
import { createServer } from 'node:http'

/** What Alertmanager posts, as far as a line of text needs it. */
export interface Notice {
  readonly receiver: string
  readonly status: string
  readonly alerts: readonly {
    readonly status: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
  }[]
}

const DEFAULT_PORT = 9099
const MAX_BYTES = 1024 * 1024

/** Pure. One line an alert: to whom, whether it fires or is over, which, what, and the runbook. */
export function lines({ receiver, alerts }: Notice): string[] {
  return alerts.map(({ status, labels, annotations }) =>
    [
      `${receiver}: ${status === 'resolved' ? 'over' : status}`,
      labels['alertname'],
      annotations['description'],
      annotations['runbook_url'],
    ].join('  '),
  )
}

if (import.meta.main) {
  const [host = '127.0.0.1', port = String(DEFAULT_PORT)] = process.argv.slice(2)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0))
  createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (text.length > MAX_BYTES) request.destroy()
    })
    request.on('end', () => {
      try {
        for (const line of lines(JSON.parse(text) as Notice)) process.stdout.write(`${line}\n`)
        response.writeHead(204).end()
      } catch {
        response.writeHead(400).end()
      }
    })
  }).listen(Number(port), host)
}
