// Board 2: which supervisor storms, why, how near its budget it is, and what its children die of.
import { board, labelVariable, type Row } from '../board.ts'
import { alertList, figure, graph } from '../panels.ts'
import { increase, max, mean, observations, quantile, rate, select, sum } from '../promql.ts'

// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana.
const chosen = { supervisor: '~${supervisor:regex}' } as const

const storming: Row = {
  title: 'Who storms?',
  panels: [
    figure({
      title: 'Restarts after crashes',
      runbook: 'OtpRestartStorm',
      traces: 'otp.supervisor.restart',
      description: 'How many children were started again because they crashed? Daily life is 0.',
      unit: 'short',
      limits: [1, 5],
      queries: [{ expr: sum(increase('otp_supervisor_restarts_total', { ...chosen, cause: 'crash' })), legend: 'restarts' }],
    }),
    figure({
      title: 'Supervisors that gave up',
      runbook: 'OtpSupervisorGaveUp',
      traces: 'otp.supervisor.intensity_exceeded',
      description: 'Was a budget used up? Then the supervisor above started the whole subtree anew.',
      unit: 'short',
      limits: [0.5, 1],
      queries: [{ expr: sum(increase('otp_supervisor_intensity_exceeded_total', chosen)), legend: 'gave up' }],
    }),
    figure({
      title: 'Children that are down',
      runbook: 'OtpRestartStorm',
      description: 'Does anything not run that should? Children waiting for their next start, on all nodes.',
      unit: 'short',
      limits: [1, 10],
      queries: [{ expr: sum(select('otp_supervisor_children', { ...chosen, state: 'restarting' })), legend: 'restarting' }],
    }),
    figure({
      title: 'Children in quarantine',
      runbook: 'OtpRestartStorm',
      traces: 'otp.child.quarantine',
      description: 'Was a child stopped as poison? It failed wherever it went, and waits to be released by hand.',
      unit: 'short',
      limits: [1, 2],
      queries: [{ expr: max(select('otp_children_quarantined')), legend: 'quarantined' }],
    }),
    graph(
      {
        title: 'Restarts after crashes, by supervisor',
        runbook: 'OtpRestartStorm',
        traces: 'otp.supervisor.restart',
        description:
          'Which supervisor is it? One: its children, or what they depend on. Several at once: look below for one node or one version.',
        unit: 'short',
        width: 12,
        queries: [
          {
            expr: sum(increase('otp_supervisor_restarts_total', { ...chosen, cause: 'crash' }), 'supervisor'),
            legend: '{{supervisor}}',
            exemplars: true,
          },
        ],
      },
      'bars',
    ),
    graph(
      {
        title: 'Restarts after crashes, by node',
        runbook: 'OtpRestartStorm',
        traces: 'otp.supervisor.restart',
        description: 'Is it one node? Then look at its memory, its disk, its network before the code.',
        unit: 'short',
        width: 12,
        queries: [
          { expr: sum(increase('otp_supervisor_restarts_total', { ...chosen, cause: 'crash' }), 'instance'), legend: '{{instance}}' },
        ],
      },
      'bars',
    ),
    graph({
      title: 'Crashes a second and process, by version',
      runbook: 'OtpVersionCrashRegression',
      traces: 'otp.process.crash',
      description:
        'Is it a release? Each version’s crashes over its processes: the new line above the old one is a bad release, roll it back.',
      unit: 'short',
      width: 12,
      queries: [
        {
          expr: `sum by (version) (${rate('otp_process_exits_total', { class: 'error' })} * on (cluster, instance) group_left (version) ${select('otp_node_info')}) / sum by (version) (${select('otp_processes')} * on (cluster, instance) group_left (version) ${select('otp_node_info')})`,
          legend: '{{version}}',
        },
      ],
    }),
    alertList('Alerts that fire or are about to', 'Is anything wrong that somebody was told of? Each alert leads to its runbook.', 12),
  ],
}

const budget: Row = {
  title: 'How near is the budget?',
  panels: [
    graph({
      title: 'Budget used at restarts',
      runbook: 'OtpSupervisorGaveUp',
      description:
        'How much of what a supervisor allows was used when it restarted? Seen at each restart, so nothing between two scrapes is missed. At 1 the next crash ends it.',
      unit: 'percentunit',
      queries: [
        { expr: quantile(0.99, 'otp_supervisor_restart_intensity_used_ratio', ['supervisor'], chosen), legend: '99 % {{supervisor}}' },
        { expr: mean('otp_supervisor_restart_intensity_used_ratio', ['supervisor']), legend: 'mean {{supervisor}}' },
      ],
    }),
    graph({
      title: 'How long a restart takes',
      runbook: 'OtpRestartStorm',
      traces: 'otp.supervisor.restart',
      description: 'How long is a child away? From its end seen to its successor being ready; a slow one is a slow `init` or a back-off.',
      unit: 's',
      queries: [
        { expr: quantile(0.5, 'otp_supervisor_restart_duration_seconds', ['supervisor'], chosen), legend: 'median {{supervisor}}' },
        { expr: quantile(0.99, 'otp_supervisor_restart_duration_seconds', ['supervisor'], chosen), legend: '99 % {{supervisor}}' },
      ],
    }),
    graph(
      {
        title: 'Restarts that did not work',
        runbook: 'OtpSupervisorGaveUp',
        traces: 'otp.supervisor.restart_failure',
        description: 'Does the successor not come up? Its `init` fails: look at the failed starts by class.',
        unit: 'short',
        queries: [
          { expr: sum(increase('otp_supervisor_restart_failures_total', chosen), 'supervisor'), legend: '{{supervisor}}' },
          { expr: sum(increase('otp_process_spawn_failures_total'), 'class'), legend: 'start failed: {{class}}' },
        ],
      },
      'bars',
    ),
    graph(
      {
        title: 'Restarts, by cause',
        runbook: 'OtpRestartStorm',
        traces: 'otp.supervisor.restart',
        description:
          'Why were children started again? Only “crash” is a fault of their own; siblings go with the one that crashed, “manual” was asked for.',
        unit: 'short',
        queries: [{ expr: sum(increase('otp_supervisor_restarts_total', chosen), 'cause'), legend: '{{cause}}' }],
      },
      'bars',
    ),
    graph({
      title: 'Children, by supervisor and state',
      runbook: 'OtpSupervisorGaveUp',
      description: 'Do as many run as are specified? A gap that stays is children that do not come up.',
      unit: 'short',
      width: 16,
      queries: [{ expr: sum(select('otp_supervisor_children', chosen), 'supervisor', 'state'), legend: '{{supervisor}} {{state}}' }],
    }),
  ],
}

const dying: Row = {
  title: 'What do processes die of?',
  panels: [
    graph(
      {
        title: 'Ends, by behaviour',
        runbook: 'OtpCrashLoopSlow',
        traces: 'otp.process.crash',
        description:
          'Which behaviour crashes? Errors and kills only; the message it was handling is in the trace and in the observer’s flight record.',
        unit: 'short',
        queries: [
          {
            expr: sum(increase('otp_process_exits_total', { class: '~error|killed' }), 'behaviour', 'class'),
            legend: '{{behaviour}} {{class}}',
          },
        ],
      },
      'bars',
    ),
    graph({
      title: 'Age at the end, by behaviour',
      runbook: 'OtpCrashLoopSlow',
      description: 'How long do processes live? A median that falls to seconds is a crash loop, also a slow one that no storm rule sees.',
      unit: 's',
      queries: [{ expr: quantile(0.5, 'otp_process_lifetime_seconds', ['behaviour']), legend: 'median {{behaviour}}' }],
    }),
    graph({
      title: 'How long init takes, by behaviour',
      runbook: 'OtpRestartStorm',
      traces: 'otp.process.spawn',
      description: 'Are starts slow? A supervisor starts its children one by one and waits for each.',
      unit: 's',
      queries: [{ expr: quantile(0.99, 'otp_process_init_duration_seconds', ['behaviour']), legend: '99 % {{behaviour}}' }],
    }),
    graph(
      {
        title: 'Starts, by cause',
        runbook: 'OtpRestartStorm',
        traces: 'otp.process.spawn',
        description:
          'Why did processes start? “restart” belongs to a supervisor, “takeover” to a lost node, “handoff” to a deploy, “reconcile” to a repair of the directory.',
        unit: 'short',
        queries: [
          { expr: sum(increase('otp_process_spawns_total'), 'cause'), legend: '{{cause}}' },
          { expr: sum(increase('otp_process_starts_ignored_total')), legend: 'ignored' },
        ],
      },
      'bars',
    ),
    graph(
      {
        title: 'Quarantines and relocations',
        runbook: 'OtpRestartStorm',
        traces: 'otp.child.relocation',
        description: 'Does a child fail on node after node? It is relocated first, and quarantined when no node could run it.',
        unit: 'short',
        queries: [
          { expr: sum(increase('otp_relocations_total'), 'cause'), legend: 'relocated: {{cause}}' },
          { expr: sum(increase('otp_quarantines_total'), 'behaviour'), legend: 'quarantined: {{behaviour}}' },
        ],
      },
      'bars',
    ),
    graph(
      {
        title: 'Applications started and stopped',
        runbook: 'OtpSupervisorGaveUp',
        traces: 'otp.application.stop',
        description: 'Did a whole application end? “ended” is a tree that gave up, “told” was asked for.',
        unit: 'short',
        queries: [
          { expr: sum(increase('otp_application_starts_total'), 'application'), legend: '{{application}} started' },
          { expr: sum(increase('otp_application_stops_total'), 'application', 'cause'), legend: '{{application}} {{cause}}' },
        ],
      },
      'bars',
    ),
    graph(
      {
        title: 'How many restarts were measured',
        runbook: 'OtpRestartStorm',
        description: 'Is there enough behind the quantiles above? Few restarts make coarse lines.',
        unit: 'short',
        queries: [{ expr: sum(observations('otp_supervisor_restart_duration_seconds', chosen), 'supervisor'), legend: '{{supervisor}}' }],
      },
      'bars',
    ),
  ],
}

export const supervision = () =>
  board(
    'otp-supervision',
    'Which supervisor restarts what, why, and how near it is to giving up.',
    [storming, budget, dying],
    [labelVariable('supervisor', 'Supervisor', 'otp_supervisor_children')],
  )
