// Every alert that can fire, and the addresses that a person who is paged is sent to.

/** Where this project's files can be read. Nobody's address until it is published: set it here, in the rules and their tests, then `npm run generate`. */
export const REPOSITORY = 'https://example.invalid/otp-labs'
/** Where Grafana, Prometheus and a node's observer are when everything runs on one machine. */
export const LOCAL = { grafana: 'http://127.0.0.1:3000', prometheus: 'http://127.0.0.1:9090', node: 'http://127.0.0.1:4001' } as const

/** Alerts by name, with their severities. */
export const ALERTS = {
  OtpRestartStorm: { severities: ['warning', 'critical'], says: 'A supervisor restarts crashed children again and again.' },
} as const

/** An alert's name. */
export type AlertName = keyof typeof ALERTS

/** Boards by their uid. */
export const BOARDS = {
  'otp-cluster-overview': 'OTP / Cluster overview',
  'otp-supervision': 'OTP / Supervision and restarts',
  'otp-processes': 'OTP / Processes and mailboxes',
  'otp-placement': 'OTP / Placement and handoff',
  'otp-links': 'OTP / Registry and links',
  'otp-node': 'OTP / Node and telemetry cost',
} as const

/** Computed from the alert's name, so that it cannot point elsewhere. */
export const runbookUrl = (alert: AlertName): string => `${REPOSITORY}/docs/runbooks/${alert}.md`
