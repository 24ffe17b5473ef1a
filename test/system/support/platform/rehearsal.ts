// A StatefulSet without Kubernetes: nodes as pods in namespaces of their own, updated one by one as its controller would.
import { randomBytes } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { kubeconfigFor, NAMESPACE } from '#test/support/api-server.ts'
import { eventually } from '#test/support/eventually.ts'
import { Network } from '../network.ts'
import { Command, Directory } from '../os.ts'
import type { PlatformPod } from './orders.ts'
import { Platform } from './platform.ts'

const NAMES = ['otp-0', 'otp-1', 'otp-2'] as const
export type PodName = (typeof NAMES)[number]

const PLATFORM = 'infra'
const DNS_NAME = 'otp-nodes.otp-labs.svc.cluster.local'
/** As long as the startup probe of the manifests lets a pod begin. */
const READY_WITHIN_MS = 60_000
/** Of the manifests it is 5 s. */
const PRE_STOP_MS = 2000
/** Between a pod's end and the start of the next one of its name. */
const POLL_MS = 100

/** One life of a pod: its address is its own, its name is not. */
interface Life {
  readonly name: PodName
  readonly pod: PlatformPod
  readonly command: Command
  readonly secretFile: string
}

/** How a life of a pod ended, and how soon the next one was ready. */
export interface EndOfPod {
  readonly code: number | null
  readonly log: string
  /** From the signal to the exit. */
  readonly stoppedMs: number
  readonly readyMs: number
}

export class Rehearsal {
  readonly network: Network
  readonly platform: Platform
  readonly #directory = new Directory()
  readonly #lives = new Map<PodName, Life>()
  readonly #generation = new Map<PodName, number>()
  #env: Readonly<Record<string, string>> = {}
  secret = [randomBytes(24).toString('base64')]

  private constructor(generations: number) {
    const hosts = NAMES.flatMap((name) => Array.from({ length: generations }, (_, index) => hostOf(name, index)))
    this.network = new Network([PLATFORM, ...hosts])
    this.platform = new Platform(this.network.namespace(PLATFORM), this.network.host(PLATFORM), DNS_NAME)
  }

  /** Three pods that are ready; each may be replaced `generations - 1` times. */
  static async start(settings: Readonly<Record<string, string>>, generations = 2): Promise<Rehearsal> {
    const rehearsal = new Rehearsal(generations)
    const { api, names } = await rehearsal.platform.started
    const tokenFile = join(rehearsal.#directory.path, 'token')
    const kubeconfig = join(rehearsal.#directory.path, 'kubeconfig')
    writeFileSync(tokenFile, 'token-1')
    writeFileSync(kubeconfig, kubeconfigFor(api, tokenFile))
    rehearsal.#env = {
      ...settings,
      KUBECONFIG: kubeconfig,
      OTP_DNS_SERVERS: names,
      OTP_DNS_NAME: DNS_NAME,
      OTP_KUBERNETES_NAMESPACE: NAMESPACE,
    }
    // As `podManagementPolicy: Parallel` does it.
    await Promise.all(NAMES.map((name) => rehearsal.#create(name)))
    await Promise.all(NAMES.map((name) => rehearsal.#ready(name)))
    return rehearsal
  }

  get names(): readonly PodName[] {
    return NAMES
  }

  address(name: PodName): string {
    return this.#life(name).pod.address
  }

  /** Metrics of a pod's present life. */
  metrics(name: PodName): Promise<string> {
    return this.platform.tell('metrics', this.address(name))
  }

  /** Writes the secret's file of one pod, as the kubelet does: at once, or not at all. */
  writeSecret(name: PodName, lines: readonly string[]): void {
    const { secretFile } = this.#life(name)
    writeFileSync(`${secretFile}.new`, `${lines.join('\n')}\n`, { mode: 0o400 })
    renameSync(`${secretFile}.new`, secretFile)
  }

  /** All links of a pod break, and are made anew by whoever is first. */
  breakLinks(name: PodName): void {
    this.network.breakConnections(hostOf(name, this.#generation.get(name) ?? 0))
  }

  /** Replaces a pod as a rolling update does; `whileTerminating` runs between the word to end and the signal. Answers the old life's end. */
  async replace(name: PodName, whileTerminating: () => Promise<void> = async () => {}): Promise<EndOfPod> {
    const { command, pod } = this.#life(name)
    // The word to end and the pause before the signal; clients are led elsewhere, and DNS still has it.
    await this.#change(name, { ...pod, terminating: true, ready: false })
    await Promise.all([sleep(PRE_STOP_MS), whileTerminating()])
    const signalledAt = performance.now()
    command.kill('SIGTERM')
    const { code } = await command.ended
    const stoppedMs = Math.round(performance.now() - signalledAt)
    const log = command.stdout + command.stderr
    this.#lives.delete(name)
    await this.#tellPods()
    await sleep(POLL_MS)
    this.#generation.set(name, (this.#generation.get(name) ?? 0) + 1)
    await this.#create(name)
    const createdAt = performance.now()
    await this.#ready(name)
    return { code, log, stoppedMs, readyMs: Math.round(performance.now() - createdAt) }
  }

  async #create(name: PodName): Promise<void> {
    const generation = this.#generation.get(name) ?? 0
    const host = hostOf(name, generation)
    const address = this.network.host(host)
    const folder = join(this.#directory.path, host)
    const secretFile = join(folder, 'cluster-secret')
    mkdirSync(folder)
    writeFileSync(secretFile, `${this.secret.join('\n')}\n`)
    const command = new Command('ip', ['netns', 'exec', this.network.namespace(host), process.execPath, 'src/main.ts'], {
      ...this.#env,
      XDG_RUNTIME_DIR: folder,
      OTP_NODE_NAME: name,
      OTP_CLUSTER_HOST: address,
      OTP_SECRET_FILE: secretFile,
    })
    const pod = { uid: `${name}-${generation}`, address, ready: false, zone: `zone-${name}` }
    this.#lives.set(name, { name, pod, command, secretFile })
    await this.#tellPods()
  }

  async #ready(name: PodName): Promise<void> {
    const { pod, command } = this.#life(name)
    try {
      await eventually(`${name} is ready`, READY_WITHIN_MS, () => this.platform.tell('isReady', pod.address))
    } catch (error) {
      throw new Error(`${(error as Error).message}; it said: ${command.stdout.slice(-4000)}${command.stderr}`, { cause: error })
    }
    await this.#change(name, { ...pod, ready: true })
  }

  async #change(name: PodName, pod: PlatformPod): Promise<void> {
    this.#lives.set(name, { ...this.#life(name), pod })
    await this.#tellPods()
  }

  #tellPods(): Promise<undefined> {
    return this.platform.tell(
      'pods',
      [...this.#lives.values()].map(({ pod }) => pod),
    )
  }

  #life(name: PodName): Life {
    const life = this.#lives.get(name)
    if (life === undefined) throw new Error(`${name} does not run`)
    return life
  }

  /** What the pods that run have logged of a kind, to be shown where something went wrong. */
  logged(pattern: RegExp): string[] {
    return [...this.#lives.values()].flatMap(({ command }) => command.stdout.split('\n').filter((line) => pattern.test(line)))
  }

  async stop(): Promise<void> {
    await this.network.remove()
    await Promise.all([...this.#lives.values()].map(({ command }) => command.ended))
    this.#directory.remove()
  }
}

/** The namespace of one life of a pod. */
function hostOf(name: PodName, generation: number): string {
  return `${name}-${generation}`
}
