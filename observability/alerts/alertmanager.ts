// Pure. How Alertmanager is configured: who is told what, how long it waits for more of the same, and which alert explains which.
import type { AlertName, Severity } from '#vocabulary'
import type { Times } from './times.ts'

/** How the receivers reach people; each is a list of Alertmanager's `*_configs`. */
export interface Contacts {
  /** Wakes somebody. */
  readonly page: object
  /** Is read in the morning. */
  readonly ticket: object
  /** Expects to hear from us all the time, and cries when it does not. */
  readonly heartbeat: object
}

interface Inhibition {
  readonly because: string
  readonly source: readonly string[]
  readonly target: readonly string[]
  readonly equal: readonly string[]
}

const is = (name: AlertName): string => `alertname="${name}"`
const oneOf = (...names: readonly AlertName[]): string => `alertname=~"${names.join('|')}"`
const severity = (value: Severity): string => `severity="${value}"`

/** What is not said while something else is. Labels under `equal` that neither of two alerts has are equal, too. */
export const INHIBITIONS: readonly Inhibition[] = [
  {
    because:
      'A deploy moves processes and leaves them uneven for a while. It silences nothing else: a bad release is the commonest cause of a storm.',
    source: [is('OtpDeployInProgress')],
    target: [oneOf('OtpHandoffSlow', 'OtpUnevenPlacement')],
    equal: ['cluster'],
  },
  {
    because: 'The same alert of the same thing, as a page already.',
    source: [severity('critical')],
    target: [severity('warning')],
    equal: ['alertname', 'cluster', 'instance', 'supervisor', 'behaviour'],
  },
  {
    because: 'A storm of the whole cluster names what its supervisors share; one message each would bury it.',
    source: [is('OtpRestartStorm'), severity('critical')],
    target: [is('OtpRestartStorm'), severity('warning')],
    equal: ['cluster'],
  },
  {
    because: 'A supervisor that gave up had a storm before.',
    source: [is('OtpSupervisorGaveUp')],
    target: [oneOf('OtpRestartStorm', 'OtpCrashLoopSlow'), severity('warning')],
    equal: ['cluster', 'supervisor'],
  },
  {
    because: 'A node without a lease was late with it before.',
    source: [is('OtpArbiterLeaseLost')],
    target: [is('OtpArbiterDegraded')],
    equal: ['cluster', 'instance'],
  },
]

/** Seconds to wait for more alerts of a new group, for more of one that was told, and until it is told again. */
const PAGE = { wait: 10, interval: 30, repeat: 3600 } as const
const TICKET = { wait: 30, interval: 300, repeat: 43_200 } as const
const HEARTBEAT = { wait: 0, interval: 60, repeat: 60 } as const

/** The configuration; `templates` are files beside it. */
export function alertmanagerConfig(t: Times, contacts: Contacts, templates: readonly string[] = []): object {
  const pace = ({ wait, interval, repeat }: { wait: number; interval: number; repeat: number }) => ({
    group_wait: t.wait(wait),
    group_interval: t.every(interval),
    repeat_interval: t.every(repeat),
  })
  return {
    ...(templates.length === 0 ? {} : { templates }),
    route: {
      receiver: 'ticket',
      group_by: ['cluster', 'alertname'],
      ...pace(TICKET),
      routes: [
        { receiver: 'heartbeat', matchers: [is('OtpWatchdog')], ...pace(HEARTBEAT) },
        // They explain others, on the boards and by inhibition; nobody has to do anything.
        { receiver: 'nobody', matchers: [severity('info')] },
        { receiver: 'page', matchers: [severity('critical')], ...pace(PAGE) },
        // A storm may become an emergency: it is told as fast as a page, to those who read tickets.
        { receiver: 'ticket', matchers: [is('OtpRestartStorm')], ...pace(PAGE) },
        { receiver: 'ticket', matchers: [severity('warning')] },
      ],
    },
    inhibit_rules: INHIBITIONS.map(({ source, target, equal }) => ({ source_matchers: source, target_matchers: target, equal })),
    receivers: [
      { name: 'page', ...contacts.page },
      { name: 'ticket', ...contacts.ticket },
      { name: 'heartbeat', ...contacts.heartbeat },
      { name: 'nobody' },
    ],
  }
}

/** All to one address, whose path is the receiver's name: for tests, drills and the contact that prints. */
export function webhooks(address: string): Contacts {
  const to = (path: string) => ({ webhook_configs: [{ url: `${address}/${path}`, send_resolved: true }] })
  return { page: to('page'), ticket: to('ticket'), heartbeat: to('heartbeat') }
}

/** By mail and chat, in the words of the template; who and where are placeholders. */
export const PEOPLE: Contacts = {
  page: {
    email_configs: [{ ...mail('on-call@example.invalid'), headers: { subject: '{{ template "otp.subject" . }}' } }],
    slack_configs: [chat('#on-call')],
  },
  ticket: { slack_configs: [chat('#otp')] },
  heartbeat: { webhook_configs: [{ url: 'https://heartbeat.example.invalid/otp', send_resolved: false }] },
}

function mail(to: string): object {
  return {
    to,
    from: 'alertmanager@example.invalid',
    smarthost: 'mail.example.invalid:587',
    send_resolved: true,
    html: '',
    text: '{{ template "otp.text" . }}',
  }
}

function chat(channel: string): object {
  return {
    channel,
    api_url_file: '/etc/alertmanager/secrets/slack',
    send_resolved: true,
    title: '{{ template "otp.subject" . }}',
    title_link: '{{ template "otp.link" . }}',
    text: '{{ template "otp.text" . }}',
  }
}
