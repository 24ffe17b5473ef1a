// Board 4: where children run, how they move, what a lost node set off, and whether state is kept.
import { board, type Row } from '../board.ts'
import { alertList, figure, graph } from '../panels.ts'
import { increase, max, quantile, select, sum } from '../promql.ts'

const placed: Row = {
  title: 'Is everything placed, and evenly?',
  panels: [
    figure({
      title: 'Children without a node',
      runbook: 'OtpMembersMissing',
      description: 'Does anything run nowhere? No member may run it: none offers its behaviour, all leave, or there is no quorum.',
      unit: 'short',
      limits: [1, 2],
      queries: [{ expr: max(select('otp_children_unplaced')), legend: 'unplaced' }],
    }),
    figure({
      title: 'Fullest node over the mean',
      runbook: 'OtpUnevenPlacement',
      description: 'Is the work spread? 1 is even; after a deploy it comes down again where redistribution is active.',
      unit: 'short',
      limits: [1.5, 2],
      queries: [{ expr: max(select('otp_placement_imbalance_ratio')), legend: 'imbalance' }],
    }),
    figure({
      title: 'Nodes that drain',
      runbook: 'OtpDeployInProgress',
      description: 'Is a node on its way out? Its children move to the others with their state.',
      unit: 'short',
      queries: [{ expr: sum(select('otp_node_draining')), legend: 'draining' }],
    }),
    figure({
      title: 'Handoffs under way',
      runbook: 'OtpHandoffStuck',
      traces: 'otp.handoff',
      description: 'Is anything moving? A number that stays up without change is a handoff that is stuck.',
      unit: 'short',
      queries: [{ expr: sum(select('otp_handoffs_in_progress', { direction: 'out' })), legend: 'out' }],
    }),
    graph({
      title: 'Processes, by node',
      runbook: 'OtpUnevenPlacement',
      description: 'Where does it run? During a deploy the lines change places; after it they come together again.',
      unit: 'short',
      width: 12,
      queries: [{ expr: sum(select('otp_processes'), 'instance'), legend: '{{instance}}' }],
    }),
    alertList('Alerts that fire or are about to', 'Is anything wrong that somebody was told of? Each alert leads to its runbook.', 12),
  ],
}

const moving: Row = {
  title: 'Do moves lose nothing and harm nobody?',
  panels: [
    graph(
      {
        title: 'Handoffs, by reason and outcome',
        runbook: 'OtpHandoffFailing',
        traces: 'otp.handoff',
        description:
          'Do moves work? “resumed”: it went on here with its state; “refused”: the other node would not; “stopped”: started fresh elsewhere, state lost unless it is kept. A node that leaves may be gone before its last ones are scraped; those that arrived are on the overview.',
        unit: 'short',
        queries: [{ expr: sum(increase('otp_handoffs_total'), 'reason', 'outcome'), legend: '{{reason}} {{outcome}}', exemplars: true }],
      },
      'bars',
    ),
    graph({
      title: 'How long each phase takes',
      runbook: 'OtpHandoffSlow',
      traces: 'otp.handoff',
      description:
        'Which phase is slow? prepare: the handler that runs, or `save`. transfer: size and network, or `load`. activate: the other node. forward: what had queued.',
      unit: 's',
      queries: [{ expr: quantile(0.99, 'otp_handoff_duration_seconds', ['phase']), legend: '99 % {{phase}}', exemplars: true }],
    }),
    graph({
      title: 'How long a moving process is away',
      runbook: 'OtpHandoffSlow',
      traces: 'otp.handoff',
      description:
        'What do callers notice of a move? From the last message handled there to the first one here; their calls wait meanwhile.',
      unit: 's',
      queries: [
        { expr: quantile(0.5, 'otp_handoff_unavailability_seconds'), legend: 'median' },
        { expr: quantile(0.99, 'otp_handoff_unavailability_seconds'), legend: '99 %' },
      ],
    }),
    graph({
      title: 'Handoffs under way, by node',
      runbook: 'OtpHandoffStuck',
      traces: 'otp.handoff',
      description: 'Who gives and who takes? A drain shows “out” on one node and “in” on all others.',
      unit: 'short',
      queries: [{ expr: sum(select('otp_handoffs_in_progress'), 'instance', 'direction'), legend: '{{instance}} {{direction}}' }],
    }),
    graph(
      {
        title: 'Drains, and what became of the children',
        runbook: 'OtpDeployInProgress',
        description:
          'Did nodes that left hand everything over? “moved” went with its state, “restarted” began anew elsewhere; “stopped” and “gave_up” were still there when the time was up.',
        unit: 'short',
        queries: [
          { expr: sum(increase('otp_drain_children_total'), 'outcome'), legend: 'children {{outcome}}' },
          { expr: sum(increase('otp_drains_total'), 'outcome'), legend: 'drain {{outcome}}' },
        ],
      },
      'bars',
    ),
    graph({
      title: 'How long drains take',
      runbook: 'OtpHandoffSlow',
      traces: 'otp.node.drain',
      description: 'Does a drain fit into the grace period of its pod? Compare with the budget of the drain.',
      unit: 's',
      queries: [{ expr: quantile(0.99, 'otp_drain_duration_seconds'), legend: '99 %' }],
    }),
    graph({
      title: 'Size of states that move',
      runbook: 'OtpHandoffSlow',
      description: 'Are states large? A move takes as long as its bytes; keep large things outside and move the key.',
      unit: 'bytes',
      queries: [
        { expr: quantile(0.5, 'otp_handoff_state_bytes'), legend: 'median' },
        { expr: quantile(0.99, 'otp_handoff_state_bytes'), legend: '99 %' },
      ],
    }),
  ],
}

const lost: Row = {
  title: 'What did a lost node set off, and was state kept?',
  panels: [
    graph(
      {
        title: 'Takeovers, by outcome',
        runbook: 'OtpMembersMissing',
        traces: 'otp.child.takeover',
        description: 'What did the loss of a node set off? “failed” did not come up here, “superseded” was another’s already.',
        unit: 'short',
        queries: [{ expr: sum(increase('otp_takeovers_total'), 'outcome'), legend: '{{outcome}}' }],
      },
      'bars',
    ),
    graph({
      title: 'How long a takeover takes',
      runbook: 'OtpMembersMissing',
      traces: 'otp.child.takeover',
      description: 'How long was a child away after its node was known to be gone? Add the failure detector’s time to it.',
      unit: 's',
      queries: [
        { expr: quantile(0.5, 'otp_takeover_duration_seconds', ['outcome']), legend: 'median {{outcome}}' },
        { expr: quantile(0.99, 'otp_takeover_duration_seconds', ['outcome']), legend: '99 % {{outcome}}' },
      ],
    }),
    graph(
      {
        title: 'Relocations and quarantines',
        runbook: 'OtpRestartStorm',
        traces: 'otp.child.relocation',
        description: 'Were children sent on because they failed here? Those that fail everywhere end in quarantine.',
        unit: 'short',
        queries: [
          { expr: sum(increase('otp_relocations_total'), 'cause'), legend: '{{cause}}' },
          { expr: max(select('otp_children_quarantined')), legend: 'in quarantine now' },
        ],
      },
      'bars',
    ),
    graph(
      {
        title: 'States written, by outcome',
        runbook: 'OtpHandoffFailing',
        description:
          'Is state kept? “fenced”: another node owns the name already, and the late writer was rightly refused. “error”: the store did not take it.',
        unit: 'short',
        queries: [
          { expr: sum(increase('otp_state_writes_total'), 'store', 'outcome'), legend: '{{store}} {{outcome}}' },
          { expr: sum(increase('otp_state_loads_total'), 'store'), legend: '{{store}} gone on from' },
        ],
      },
      'bars',
    ),
    graph({
      title: 'How long answers wait for the store',
      runbook: 'OtpHandoffSlow',
      description: 'What does keeping state cost its callers? Answers are held back until the write is safe.',
      unit: 's',
      queries: [
        { expr: quantile(0.5, 'otp_state_write_duration_seconds', ['store']), legend: 'median {{store}}' },
        { expr: quantile(0.99, 'otp_state_write_duration_seconds', ['store']), legend: '99 % {{store}}' },
      ],
    }),
  ],
}

export const placement = () =>
  board('otp-placement', 'Where children run, how they move, what a lost node set off, and whether their state is kept.', [
    placed,
    moving,
    lost,
  ])
