// Every span and attribute that leaves a node: its scope, its kind, and what it means.

/** `otp.message` is sampled, the other two are kept unless somebody says otherwise. */
export const SCOPES = ['otp.message', 'otp.lifecycle', 'otp.cluster'] as const
export type Scope = (typeof SCOPES)[number]

/** One kind of span. */
export interface SpanEntry {
  readonly scope: Scope
  readonly kind: 'server' | 'client and server' | 'producer and consumer' | 'internal'
  readonly help: string
  readonly attributes: readonly Attribute[]
}

/** Attributes, and what they say. Names of the field's own conventions are used where there is one. */
export const ATTRIBUTES = {
  'otp.behaviour': 'Name of the behaviour.',
  'otp.message': 'Name of the call, cast or info; never its content.',
  'otp.message.kind': '`call`, `cast` or `info`.',
  'otp.mailbox.wait_ms': 'How long the message waited in the mailbox.',
  'otp.process.pid': 'The process, as `n1.lq3f9a.42`.',
  'otp.process.old_pid': 'The process that ended.',
  'otp.application': 'Name of the application.',
  'otp.application.restart': 'What its end means for the node: `permanent`, `transient` or `temporary`.',
  'otp.supervisor': 'Path of static ids from the root supervisor down.',
  'otp.child': 'Id of the child under its supervisor.',
  'otp.spawn.cause': 'Why the process was started.',
  'otp.restart.id': 'The process whose end began the story: shared by all restarts and failed tries that it led to.',
  'otp.restart.cause': 'Why the child was started again.',
  'otp.restart.budget_used': 'Share of the restart budget used with this restart.',
  'otp.restart.max': 'Restarts that the supervisor allows within its period.',
  'otp.restart.period_ms': 'That period.',
  'otp.exit.class': 'Class of the exit reason.',
  'otp.exit.reason': 'The exit reason as OTP spells it, or the name of the error.',
  'otp.handling': 'The message being handled at the end: its kind and name.',
  'otp.handled': 'Messages handled in the life of the process.',
  'otp.keep': 'True on what a restart links to, so that a tail sampler keeps it.',
  'otp.name': 'The registered name.',
  'otp.epoch': 'Epoch of the claim of a name.',
  'otp.outcome': 'How it ended.',
  'otp.node.from': 'The node it came from: the one that is gone, or the peer whose knowledge was merged.',
  'otp.node.to': 'The node it goes to.',
  'otp.handoff.id': 'One move of one process: the same on both nodes.',
  'otp.handoff.reason': 'Why it moves: `drain`, `rebalance` or `manual`.',
  'otp.handoff.bytes': 'Size of its state.',
  'otp.handoff.forwarded': 'Messages that were sent after it.',
  'otp.drain.leaving': 'Whether the node was to leave afterwards.',
  'otp.drain.moved': 'Children that went on elsewhere with their state.',
  'otp.drain.restarted': 'Children that were stopped and began anew elsewhere.',
  'otp.drain.stopped': 'Children that no other node could have.',
  'otp.drain.gave_up': 'Children that were left.',
  'otp.relocation.cause': 'Why a child goes to another node.',
  'otp.member': 'Id of the member.',
  'otp.change': 'What changed in the view of the member.',
  'otp.change.id': '`subject#incarnation:change`: the same on every node that sees this change.',
  'otp.change.cause': 'How the node knows.',
  'otp.silent_ms': 'How long nothing had been heard of the member.',
  'otp.records': 'Records merged.',
  'otp.attempts': 'Starts tried.',
  'otp.arbiter': 'Name of the arbiter.',
  'otp.arbiter.op': 'What a name was claimed for: `start`, `takeover`, `handoff` or `reclaim`.',
  'otp.arbiter.session': 'Which of the leases that the node has had.',
  'otp.arbiter.children': 'Children that ran under the lease.',
  'otp.link.relation': 'On a link: `crash`, `previous_restart`, `spawn`, `cause` or `producer`.',
  'otp.burst.of': 'The span that this one stands for.',
  'otp.burst.under': 'The supervisor, node or table under which they happened.',
  'otp.burst.count': 'How many it stands for.',
  'otp.burst.reasons': 'Their distinct reasons: of the first thousand, at most 10.',
  'error.type': 'What went wrong: an exit reason or the name of the error.',
} as const

/** An attribute's name. */
export type Attribute = keyof typeof ATTRIBUTES

const child = ['otp.behaviour', 'otp.supervisor', 'otp.child'] as const
const message = ['otp.behaviour', 'otp.message', 'otp.message.kind', 'otp.mailbox.wait_ms', 'otp.link.relation', 'error.type'] as const

const handoff = ['otp.handoff.id', 'otp.name', 'otp.behaviour', 'otp.node.to', 'otp.handoff.reason', 'otp.outcome', 'error.type'] as const

/** Every span by its name; message spans add behaviour and message: `otp.call lot.bid`. */
export const SPANS = {
  'otp.request': {
    scope: 'otp.message',
    kind: 'server',
    help: 'A request from outside; named by its method and route. The only place where a trace begins and is sampled.',
    attributes: ['error.type'],
  },
  'otp.call': {
    scope: 'otp.message',
    kind: 'client and server',
    help: 'A call: the caller’s span, and as its child the callee’s, on whichever node it lives. The callee’s begins when the message is queued.',
    attributes: message,
  },
  'otp.cast': {
    scope: 'otp.message',
    kind: 'producer and consumer',
    help: 'A cast: the sender’s span; the receiver’s is a trace of its own that links to it.',
    attributes: message,
  },
  'otp.info': { scope: 'otp.message', kind: 'producer and consumer', help: 'Any other message, as a cast.', attributes: message },
  'otp.process.spawn': {
    scope: 'otp.lifecycle',
    kind: 'internal',
    help: 'A process started: as long as its init took. A child of the request that asked for it, if that is sampled.',
    attributes: [...child, 'otp.process.pid', 'otp.spawn.cause'],
  },
  'otp.process.spawn_failure': {
    scope: 'otp.lifecycle',
    kind: 'internal',
    help: 'A process did not start.',
    attributes: [...child, 'otp.spawn.cause', 'otp.exit.reason', 'error.type'],
  },
  'otp.process.crash': {
    scope: 'otp.lifecycle',
    kind: 'internal',
    help: 'A process ended abnormally. A child of the span that handled the message, if that was sampled.',
    attributes: [...child, 'otp.process.pid', 'otp.exit.class', 'otp.exit.reason', 'otp.handling', 'otp.handled', 'otp.keep', 'error.type'],
  },
  'otp.process.exit': {
    scope: 'otp.lifecycle',
    kind: 'internal',
    help: 'A process ended in an orderly way.',
    attributes: [...child, 'otp.process.pid', 'otp.exit.class', 'otp.exit.reason', 'otp.handled'],
  },
  'otp.supervisor.restart': {
    scope: 'otp.lifecycle',
    kind: 'internal',
    help: 'A child was started again: from the exit seen to ready. Links to the crash, to the previous restart of the same child and to the spawn.',
    attributes: [
      ...child,
      'otp.process.pid',
      'otp.process.old_pid',
      'otp.restart.id',
      'otp.restart.cause',
      'otp.restart.budget_used',
      'otp.exit.reason',
      'otp.link.relation',
    ],
  },
  'otp.supervisor.restart_failure': {
    scope: 'otp.lifecycle',
    kind: 'internal',
    help: 'A restart whose child did not come up.',
    attributes: [...child, 'otp.restart.id', 'otp.exit.reason', 'error.type'],
  },
  'otp.application.start': {
    scope: 'otp.lifecycle',
    kind: 'internal',
    help: 'An application started: until its start phases were through.',
    attributes: ['otp.application', 'otp.application.restart', 'otp.process.pid'],
  },
  'otp.application.stop': {
    scope: 'otp.lifecycle',
    kind: 'internal',
    help: 'An application stopped, because it was told to or because its tree ended.',
    attributes: ['otp.application', 'otp.application.restart', 'otp.outcome', 'otp.exit.reason', 'error.type'],
  },
  'otp.supervisor.intensity_exceeded': {
    scope: 'otp.lifecycle',
    kind: 'internal',
    help: 'A supervisor gave up. Links to the crash that was one too many and to the last restart of that child.',
    attributes: [
      'otp.supervisor',
      'otp.child',
      'otp.process.pid',
      'otp.restart.id',
      'otp.restart.max',
      'otp.restart.period_ms',
      'otp.exit.reason',
      'otp.keep',
      'otp.link.relation',
      'error.type',
    ],
  },
  'otp.lifecycle.burst': {
    scope: 'otp.lifecycle',
    kind: 'internal',
    help: 'Stands for all spans of a kind beyond 100 in a second under one supervisor: from the first to the last of them.',
    attributes: ['otp.burst.under', 'otp.burst.of', 'otp.burst.count', 'otp.burst.reasons'],
  },
  'otp.child.takeover': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'A child of a node that is gone came up here, or did not. Links to the change of membership that led to it.',
    attributes: [
      'otp.name',
      'otp.behaviour',
      'otp.node.from',
      'otp.process.pid',
      'otp.epoch',
      'otp.outcome',
      'otp.link.relation',
      'error.type',
    ],
  },
  'otp.child.relocation': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'A child was sent to another node: it failed on this one, or belongs there by now.',
    attributes: [
      'otp.name',
      'otp.behaviour',
      'otp.node.from',
      'otp.node.to',
      'otp.relocation.cause',
      'otp.attempts',
      'otp.epoch',
      'otp.exit.reason',
      'otp.link.relation',
      'error.type',
    ],
  },
  'otp.child.quarantine': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'A child failed wherever it went and was stopped until somebody releases it.',
    attributes: ['otp.name', 'otp.behaviour', 'otp.attempts', 'otp.epoch', 'otp.exit.reason', 'error.type'],
  },
  'otp.child.release': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'A quarantined child was allowed to start again.',
    attributes: ['otp.name', 'otp.behaviour', 'otp.node.to', 'otp.epoch'],
  },
  'otp.handoff': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'A child moves with its state: the whole of it, as the node sees it that it leaves. One trace over both nodes.',
    attributes: ['otp.handoff.id', 'error.type'],
  },
  'otp.handoff.prepare': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'Its message under way ended, it was held, and its state was saved.',
    attributes: [...handoff, 'otp.handoff.bytes'],
  },
  'otp.handoff.transfer': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'Its state was sent, until the other node was ready.',
    attributes: [...handoff, 'otp.handoff.bytes'],
  },
  'otp.handoff.activate': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'The other node was told to claim its name, until it ran there.',
    attributes: handoff,
  },
  'otp.handoff.forward': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'What had waited for it was sent after it, until its end here.',
    attributes: [...handoff, 'otp.handoff.forwarded'],
  },
  'otp.handoff.receive': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'On the node that it comes to: from the offer until it ran.',
    attributes: ['otp.handoff.id', 'otp.name', 'otp.behaviour', 'otp.node.from', 'otp.process.pid', 'otp.epoch', 'otp.handoff.bytes'],
  },
  'otp.node.drain': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'A node that was to drain or to leave handed its children over: the whole of it.',
    attributes: [
      'otp.drain.leaving',
      'otp.drain.moved',
      'otp.drain.restarted',
      'otp.drain.stopped',
      'otp.drain.gave_up',
      'otp.outcome',
      'error.type',
    ],
  },
  'otp.arbiter.claim': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'A name was claimed of the arbiter: until the answer.',
    attributes: ['otp.arbiter', 'otp.arbiter.op', 'otp.name', 'otp.outcome', 'otp.epoch', 'error.type'],
  },
  'otp.arbiter.outage': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'The lease could not be renewed for a while, and was again before it ended: the whole of that while.',
    attributes: ['otp.arbiter'],
  },
  'otp.arbiter.lease_loss': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'The lease ended, and with it all children: from its last renewal on.',
    attributes: ['otp.arbiter', 'otp.arbiter.session', 'otp.arbiter.children', 'error.type'],
  },
  'otp.arbiter.session_end': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'This node has made sure that another’s lease is over. Links to the change of membership that led to it.',
    attributes: ['otp.arbiter', 'otp.member', 'otp.link.relation'],
  },
  'otp.cluster.member_change': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'One change of this node’s view of a member: from when it was last heard to the verdict.',
    attributes: ['otp.member', 'otp.change', 'otp.change.id', 'otp.change.cause', 'otp.silent_ms', 'otp.link.relation'],
  },
  'otp.directory.join': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'The node merged all that one peer knew, or found itself alone.',
    attributes: ['otp.records', 'otp.node.from'],
  },
  'otp.registry.register': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'A name got an owner on this node.',
    attributes: ['otp.name', 'otp.process.pid', 'otp.epoch'],
  },
  'otp.registry.unregister': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'A name lost its owner on this node.',
    attributes: ['otp.name', 'otp.process.pid'],
  },
  'otp.registry.conflict': {
    scope: 'otp.cluster',
    kind: 'internal',
    help: 'Two claims of one name met.',
    attributes: ['otp.name', 'otp.process.pid', 'otp.process.old_pid', 'otp.outcome'],
  },
} as const satisfies Readonly<Record<string, SpanEntry>>

/** A span's name. */
export type SpanName = keyof typeof SPANS
/** Event on a receiver's span: the message was taken out of the mailbox. */
export const MAILBOX_TAKEN = 'otp.mailbox.taken'
