// Board 3: what runs, what falls behind, what is stuck, what callers get.
import { board, labelVariable, type Row } from '../board.ts'
import { alertList, figure, graph } from '../panels.ts'
import { increase, max, quantile, rate, select, sum } from '../promql.ts'

// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana.
const chosen = { behaviour: '~${behaviour:regex}' } as const

const behind: Row = {
  title: 'Does anything fall behind?',
  panels: [
    figure({
      title: 'Age of the oldest message',
      runbook: 'OtpMailboxBacklog',
      description: 'Does a mailbox fall behind? Age, not depth, says so: a deep mailbox that is emptied in time harms nobody.',
      unit: 's',
      limits: [1, 5],
      queries: [{ expr: max(select('otp_mailbox_oldest_message_age_seconds', chosen)), legend: 'oldest' }],
    }),
    figure({
      title: 'Longest handler that runs now',
      runbook: 'OtpProcessStuck',
      description: 'Is a process stuck in a callback? It takes no other message until the callback settles: find it in the observer.',
      unit: 's',
      limits: [5, 30],
      queries: [{ expr: max(select('otp_handler_in_progress_max_seconds', chosen)), legend: 'longest' }],
    }),
    figure({
      title: 'Messages that wait',
      runbook: 'OtpMailboxBacklog',
      description: 'How much is queued in all? Watch whether it comes down again.',
      unit: 'short',
      limits: [10_000, 100_000],
      queries: [{ expr: sum(select('otp_mailbox_messages', chosen)), legend: 'messages' }],
    }),
    figure({
      title: 'Messages that reached nobody',
      runbook: 'OtpCallErrorBudgetBurn',
      description: 'Is anybody written to who is not there? Casts to names that nobody holds, and what came after an end.',
      unit: 'short',
      limits: [1, 100],
      queries: [{ expr: sum(increase('otp_dead_letters_total')), legend: 'dead letters' }],
    }),
    graph({
      title: 'Age of the oldest message, by behaviour and node',
      runbook: 'OtpMailboxBacklog',
      description: 'Who falls behind, and where? One behaviour on every node: its handler is too slow. One node: that node.',
      unit: 's',
      width: 12,
      queries: [
        {
          expr: max(select('otp_mailbox_oldest_message_age_seconds', chosen), 'behaviour', 'instance'),
          legend: '{{behaviour}} {{instance}}',
        },
      ],
    }),
    alertList('Alerts that fire or are about to', 'Is anything wrong that somebody was told of? Each alert leads to its runbook.', 12),
    graph({
      title: 'How long messages wait, by behaviour',
      runbook: 'OtpMailboxBacklog',
      traces: 'otp.call',
      description:
        'How long does a message wait before it is handled? Waiting that grows with steady traffic is a handler that got slower.',
      unit: 's',
      queries: [
        { expr: quantile(0.5, 'otp_mailbox_wait_seconds', ['behaviour'], chosen), legend: 'median {{behaviour}}', exemplars: true },
        { expr: quantile(0.99, 'otp_mailbox_wait_seconds', ['behaviour'], chosen), legend: '99 % {{behaviour}}', exemplars: true },
      ],
    }),
    graph({
      title: 'How long messages are handled, by behaviour',
      runbook: 'OtpProcessStuck',
      traces: 'otp.call',
      description: 'Which handler is slow? A point is a trace of one message.',
      unit: 's',
      queries: [
        {
          expr: quantile(0.5, 'otp_message_handle_duration_seconds', ['behaviour'], chosen),
          legend: 'median {{behaviour}}',
          exemplars: true,
        },
        {
          expr: quantile(0.99, 'otp_message_handle_duration_seconds', ['behaviour'], chosen),
          legend: '99 % {{behaviour}}',
          exemplars: true,
        },
      ],
    }),
    graph({
      title: 'Depth that a message finds',
      runbook: 'OtpMailboxBacklog',
      description:
        'How many wait before a new message? A high median is a process that everybody waits for: split it, or bound its mailbox.',
      unit: 'short',
      queries: [
        { expr: quantile(0.5, 'otp_mailbox_depth'), legend: 'median' },
        { expr: quantile(0.99, 'otp_mailbox_depth'), legend: '99 %' },
      ],
    }),
  ],
}

const traffic: Row = {
  title: 'How much is done, and what do callers get?',
  panels: [
    graph({
      title: 'Messages handled a second, by behaviour',
      runbook: 'OtpMailboxBacklog',
      description: 'Who does the work? A line that drops while messages wait is a process that is stuck.',
      unit: 'short',
      queries: [{ expr: sum(rate('otp_messages_handled_total', chosen), 'behaviour'), legend: '{{behaviour}}' }],
    }),
    graph({
      title: 'Calls a second, by behaviour and outcome',
      runbook: 'OtpCallErrorBudgetBurn',
      traces: 'otp.call',
      description: 'Whose callers get no answer, and why? “timeout”: slow; “noproc”: not there; “nodedown”: its node; “error”: it crashed.',
      unit: 'reqps',
      queries: [
        { expr: sum(rate('otp_calls_total', chosen), 'behaviour', 'outcome'), legend: '{{behaviour}} {{outcome}}', exemplars: true },
      ],
    }),
    graph({
      title: 'How long a call takes, local and remote',
      runbook: 'OtpCallErrorBudgetBurn',
      traces: 'otp.call',
      description: 'What do callers wait for? Remote without local: the network or a far node. Both: the callee.',
      unit: 's',
      queries: [
        { expr: quantile(0.5, 'otp_call_duration_seconds', ['locality']), legend: 'median {{locality}}', exemplars: true },
        { expr: quantile(0.99, 'otp_call_duration_seconds', ['locality']), legend: '99 % {{locality}}', exemplars: true },
      ],
    }),
    graph(
      {
        title: 'Messages that bounded mailboxes refused',
        runbook: 'OtpMailboxBacklog',
        description: 'Does a bound hold back load? By what becomes of the message; a bound that never bites may be too high.',
        unit: 'short',
        queries: [{ expr: sum(increase('otp_mailbox_dropped_total', chosen), 'behaviour', 'reason'), legend: '{{behaviour}} {{reason}}' }],
      },
      'bars',
    ),
    graph(
      {
        title: 'Messages that reached nobody, by reason',
        runbook: 'OtpCallErrorBudgetBurn',
        description:
          'Why did they reach nobody? “noproc”: ended before; “noconnection”: no link to the node; “unhandled”: no handler for it.',
        unit: 'short',
        queries: [{ expr: sum(increase('otp_dead_letters_total'), 'reason'), legend: '{{reason}}' }],
      },
      'bars',
    ),
  ],
}

const living: Row = {
  title: 'What lives?',
  panels: [
    graph({
      title: 'Processes, by behaviour',
      runbook: 'OtpSupervisorGaveUp',
      description: 'What runs? A behaviour that only grows is a leak, one that falls to nothing lost its supervisor.',
      unit: 'short',
      queries: [{ expr: sum(select('otp_processes', chosen), 'behaviour'), legend: '{{behaviour}}' }],
    }),
    graph(
      {
        title: 'Starts and ends, by behaviour',
        runbook: 'OtpCrashLoopSlow',
        traces: 'otp.process.spawn',
        description: 'How much comes and goes? Starts without ends are growth, both at once are churn.',
        unit: 'short',
        queries: [
          { expr: sum(increase('otp_process_spawns_total', chosen), 'behaviour'), legend: '{{behaviour}} started' },
          { expr: sum(increase('otp_process_exits_total', chosen), 'behaviour'), legend: '{{behaviour}} ended' },
        ],
      },
      'bars',
    ),
    graph({
      title: 'Messages that wait, by behaviour',
      runbook: 'OtpMailboxBacklog',
      description: 'Whose mailboxes are full? Read it with the ages above.',
      unit: 'short',
      queries: [{ expr: sum(select('otp_mailbox_messages', chosen), 'behaviour'), legend: '{{behaviour}}' }],
    }),
  ],
}

export const processes = () =>
  board(
    'otp-processes',
    'What runs, what falls behind, what is stuck, and what callers get.',
    [behind, traffic, living],
    [labelVariable('behaviour', 'Behaviour', 'otp_processes')],
  )
