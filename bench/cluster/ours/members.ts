// A measured cluster: its nodes as OS processes of this machine, linked over TCP on loopback, told what to do over IPC.
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Authority } from '#test/support/certificates.ts'
import type { Commands } from './commands.ts'
import type { Answered, Asked, BenchArbiter, Started } from './member.ts'

/** A member that is busy may not hear that its parent has gone. */
const END_MS = 3000
const MEMBER = fileURLToPath(new URL('./member.ts', import.meta.url))

type Arguments<C extends keyof Commands> = Commands[C] extends (node: never, ...args: infer A) => unknown ? A : []
type Answer<C extends keyof Commands> = Awaited<ReturnType<Commands[C]>>

export interface ClusterOptions {
  readonly isEncrypted?: boolean
  /** Who decides which node has a name; default: nobody. */
  readonly arbiter?: BenchArbiter | undefined
}

/** One OS process with a node, as its driver has it. */
export class Member {
  readonly #process: ChildProcess
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>()
  #lastId = 0
  readonly started: Promise<Started>
  #id = ''

  /** Several names, separated by commas: several nodes in one OS process. */
  constructor(names: string, directory: string, secret: string, certificates: string | undefined, arbiter: BenchArbiter | undefined) {
    this.#process = fork(MEMBER, [names, directory, secret, ...(certificates === undefined ? [] : [certificates])], {
      execArgv: ['--expose-gc', ...profiling()],
      serialization: 'advanced',
      env: { ...process.env, ...(arbiter === undefined ? {} : { OTP_BENCH_ARBITER: JSON.stringify(arbiter) }) },
    })
    this.started = this.#expect(0) as Promise<Started>
    this.#process.on('message', (answered: Answered) => this.#onAnswer(answered))
    this.#process.on('exit', (code, signal) => this.#onExit(`member ${names} ended (${signal ?? code})`))
    this.started.then(
      ({ id }) => {
        this.#id = id
      },
      () => undefined,
    )
  }

  /** The node's id, once it has started. */
  get id(): string {
    return this.#id
  }

  ask<C extends keyof Commands>(command: C, ...args: Arguments<C>): Promise<Answer<C>> {
    const id = ++this.#lastId
    const answer = this.#expect(id)
    this.#process.send({ id, command, args } satisfies Asked)
    return answer as Promise<Answer<C>>
  }

  #expect(id: number): Promise<unknown> {
    const expected = Promise.withResolvers<unknown>()
    this.#asked.set(id, expected)
    return expected.promise
  }

  #onAnswer(answered: Answered): void {
    const asked = this.#asked.get(answered.id)
    this.#asked.delete(answered.id)
    if ('error' in answered) asked?.reject(new Error(answered.error))
    else asked?.resolve(answered.answer)
  }

  #onExit(why: string): void {
    for (const asked of this.#asked.values()) asked.reject(new Error(why))
    this.#asked.clear()
  }

  /** Ends of itself, since its parent is gone: so that a profile is written. */
  async end(): Promise<void> {
    this.#asked.clear()
    if (!this.#process.connected) return
    const exited = once(this.#process, 'exit')
    this.#process.disconnect()
    const timer = setTimeout(() => this.kill(), END_MS)
    await exited
    clearTimeout(timer)
  }

  /** `kill -9`. What was asked and not answered never will be. */
  kill(): void {
    this.#asked.clear()
    this.#process.kill('SIGKILL')
  }
}

/** For who looks at where the time goes: OTP_BENCH_PROFILE=<directory> has each member write a profile of its processor time there when it ends. */
function profiling(): string[] {
  const directory = process.env.OTP_BENCH_PROFILE
  return directory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${directory}`]
}

/** Starts another member of the same cluster. */
export type StartMember = (names: string) => Member

/** Certificates of a new authority, as files. */
async function certificatesIn(directory: string): Promise<string> {
  await mkdir(directory)
  for (const [name, text] of Object.entries(new Authority().issue())) await writeFile(join(directory, `${name}.pem`), text)
  return directory
}

/** Runs `play` with a cluster that has no member yet, and ends all it has started. */
export async function withCluster<T>(
  play: (start: StartMember) => Promise<T>,
  { isEncrypted = false, arbiter }: ClusterOptions = {},
): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'otp-bench-'))
  const directory = join(root, 'members')
  const certificates = isEncrypted ? await certificatesIn(join(root, 'tls')) : undefined
  const secret = randomBytes(16).toString('hex')
  const members: Member[] = []
  const start = (names: string) => {
    const member = new Member(names, directory, secret, certificates, arbiter)
    members.push(member)
    return member
  }
  try {
    return await play(start)
  } finally {
    await Promise.all(members.map((member) => member.end()))
    await rm(root, { recursive: true, force: true })
  }
}

/** Starts so many nodes, runs `play` when each is linked to each other, and ends them. */
export function withMembers<T>(
  count: number,
  play: (members: readonly Member[], start: StartMember) => Promise<T>,
  options: ClusterOptions = {},
): Promise<T> {
  return withCluster(async (start) => {
    const members = Array.from({ length: count }, (_, i) => start(`n${i + 1}`))
    await Promise.all(members.map(({ started }) => started))
    await Promise.all(members.map((member) => member.ask('formed', count)))
    return play(members, start)
  }, options)
}
