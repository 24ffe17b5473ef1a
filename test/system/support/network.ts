// A network of its own for a test: one namespace a node, joined by a bridge in a namespace of its own, and hands that break it.
// What is cut drops packets and never rejects them: a refusal is a fact about the host ("nobody listens there"), which the fast path for
// killed processes believes, and no cut cable ever sends one.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { isRunning } from './os.ts'

/** Takes a fault back; a second time it does nothing. */
export type Undo = () => void

const PREFIX = 'otp-faults-'
const HUB = 'hub'
/** Ends what runs in the namespaces named by its arguments, and removes them. */
const REMOVE = 'for each in "$@"; do ip netns pids "$each" | xargs -r kill -9; ip netns del "$each"; done'

export class Network {
  readonly #prefix: string
  readonly #names: readonly string[]
  readonly #guard: ChildProcess

  /** A network for these nodes, `10.77.0.1` and on. Nothing of it is seen from outside: no interface in the machine's own namespace, no route. */
  constructor(names: readonly string[]) {
    removeLeftovers()
    this.#prefix = `${PREFIX}${process.pid}-${randomBytes(2).toString('hex')}-`
    this.#names = names
    // Before there is anything to remove: however this process ends, its end of the pipe closes, and the guard goes to work.
    this.#guard = spawn('sh', ['-c', `read -r _; ${REMOVE}`, 'sh', ...this.#namespaces()], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    this.#guard.unref()
    for (const namespace of this.#namespaces()) ip('netns', 'add', namespace)
    ip('-n', this.namespace(HUB), 'link', 'add', 'name', 'bridge', 'up', 'type', 'bridge')
    for (const name of names) this.#plugIn(name)
  }

  #plugIn(name: string): void {
    const [hub, own] = [this.namespace(HUB), this.namespace(name)]
    ip('-n', hub, 'link', 'add', 'name', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', own)
    ip('-n', hub, 'link', 'set', 'dev', name, 'master', 'bridge', 'up')
    ip('-n', own, 'addr', 'add', `${this.host(name)}/24`, 'dev', 'eth0')
    ip('-n', own, 'link', 'set', 'eth0', 'up')
    ip('-n', own, 'link', 'set', 'lo', 'up')
  }

  #namespaces(): string[] {
    return [HUB, ...this.#names].map((name) => this.namespace(name))
  }

  namespace(name: string): string {
    return `${this.#prefix}${name}`
  }

  host(name: string): string {
    return `10.77.0.${this.#names.indexOf(name) + 1}`
  }

  /** Packets from `a` never reach `b`, and, unless `oneWay`, the reverse. What was sent is lost, and nobody is told. */
  dropBetween(a: string, b: string, { oneWay = false } = {}): Undo {
    // Dropped on arrival: a rule on the way out would tell the sender (EPERM), which no cut cable does.
    const drop = (from: string, at: string) => [at, '-s', this.host(from), '-j', 'DROP'] as const
    return this.#rules(oneWay ? [drop(a, b)] : [drop(a, b), drop(b, a)])
  }

  /** Cuts a node off from all others, both ways. */
  isolate(name: string): Undo {
    const undo = this.#names.filter((other) => other !== name).map((other) => this.dropBetween(name, other))
    return () => {
      for (const heal of undo) heal()
    }
  }

  /** What no cut cable does: whoever talks to the node is answered, in its name, that nobody listens. */
  reject(name: string): Undo {
    return this.#rules([[name, '-p', 'tcp', '-j', 'REJECT', '--reject-with', 'tcp-reset']])
  }

  /** The node's interface goes down: it is told at once that nobody can be reached, the others hear nothing. */
  linkDown(name: string): Undo {
    ip('-n', this.namespace(name), 'link', 'set', 'eth0', 'down')
    return once(() => ip('-n', this.namespace(name), 'link', 'set', 'eth0', 'up'))
  }

  /** Packets that cuts have kept from a node since they were made. */
  droppedAt(name: string): number {
    const listing = execFileSync('ip', ['netns', 'exec', this.namespace(name), 'iptables', '-w', '-nvxL', 'INPUT'], { encoding: 'utf8' })
    return [...listing.matchAll(/^ *(\d+) +\d+ DROP /gm)].reduce((sum, [, packets]) => sum + Number(packets), 0)
  }

  /** Every TCP connection of the node ends with a reset, which its peers hear unless they are cut off. */
  breakConnections(name: string): void {
    execFileSync('ip', ['netns', 'exec', this.namespace(name), 'ss', '-K', '-t', 'state', 'established'], { stdio: 'ignore' })
  }

  /** Rules for what arrives at a node, until they are taken back. */
  #rules(rules: readonly (readonly [at: string, ...rule: readonly string[]])[]): Undo {
    for (const [at, ...rule] of rules) this.#iptables(at, '-I', 'INPUT', ...rule)
    return once(() => {
      for (const [at, ...rule] of rules) this.#iptables(at, '-D', 'INPUT', ...rule)
    })
  }

  #iptables(at: string, ...args: readonly string[]): void {
    execFileSync('ip', ['netns', 'exec', this.namespace(at), 'iptables', '-w', ...args])
  }

  /** Removes all of it, and ends what still runs inside. */
  async remove(): Promise<void> {
    const gone = new Promise((resolve) => this.#guard.once('exit', resolve))
    this.#guard.ref()
    this.#guard.stdin?.end()
    await gone
  }
}

/** What earlier runs left that were ended in the middle: theirs are known by the number of a process that is gone. */
function removeLeftovers(): void {
  const left = namespaces().filter((name) => !isRunning(Number(name.slice(PREFIX.length).split('-')[0])))
  if (left.length > 0) execFileSync('sh', ['-c', REMOVE, 'sh', ...left], { stdio: 'ignore' })
}

/** Namespaces of these tests that there are now. */
export function namespaces(): string[] {
  // It says on stderr what others make or remove at this moment: no failure.
  return execFileSync('ip', ['netns', 'list'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name.startsWith(PREFIX))
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

function once(undo: () => void): Undo {
  let isDone = false
  return () => {
    if (!isDone) undo()
    isDone = true
  }
}

/** Why no such network can be made here; undefined: it can. */
export function whyNoNetwork(): string | undefined {
  if (process.platform !== 'linux') return `namespaces of Linux are needed, this is ${process.platform}`
  if (process.getuid?.() !== 0) return 'only root may make network namespaces'
  try {
    const name = `${PREFIX}${process.pid}-try`
    ip('netns', 'add', name)
    try {
      execFileSync('ip', ['netns', 'exec', name, 'iptables', '-w', '-A', 'INPUT', '-j', 'DROP'], { stdio: ['ignore', 'ignore', 'pipe'] })
    } finally {
      ip('netns', 'del', name)
    }
    return undefined
  } catch (error) {
    return `ip and iptables are needed, and the right to use them: ${(error as Error).message.split('\n').slice(0, 2).join(' ')}`
  }
}
