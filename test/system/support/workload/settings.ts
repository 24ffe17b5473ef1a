// What a node of the workload is told when it is started, what it can be asked, and what it answers: the control channel is not the network.

export interface WorkloadSettings {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly peers: readonly string[]
  /** How many there are. Every node opens all of them at its start, as an application does that has a list. */
  readonly lots: number
  /** So many nodes have to be there before it opens them: they are spread over those that are. */
  readonly waitFor: number
  /** Where it notes what happens. */
  readonly history: string
}

export function lotNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `lot-${String(index).padStart(5, '0')}`)
}

/** What a node sees. */
export interface View {
  readonly alive: readonly string[]
  /** How many names have an owner, and how many of them it owns itself. */
  readonly names: number
  readonly own: number
  /** A digest of who owns which. */
  readonly owners: string
}

/** What a node can be asked. */
export interface Questions {
  /** Bids a second, from now on. */
  bid: { question: { readonly rate: number }; answer: undefined }
  /** Notes the number of live names whenever it has changed, looking every so many ms; asked once. */
  watch: { question: { readonly everyMs: number }; answer: undefined }
  look: { question: undefined; answer: View }
  /** Each lot that lives here notes its bids. */
  account: { question: undefined; answer: undefined }
}
