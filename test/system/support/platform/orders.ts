// What a test tells the platform program, and what it hears back.
import type { Mishap, Pod } from '#test/support/api-server.ts'

/** A pod of the service: whether clients are led to it is `ready`. */
export interface PlatformPod extends Pod {
  readonly ready: boolean
}

export interface Addresses {
  /** Of the API server. */
  readonly api: string
  /** Of the name server. */
  readonly names: string
}

/** What the bidders have seen. */
export interface Bidding {
  readonly accepted: number
  /** Bids that nobody answered within their time, tries on other pods included, and what the last try heard. */
  readonly failed: readonly string[]
  /** Of an answered bid, tries included, in ms. */
  readonly slowestMs: number
  /** Lots whose bids are not all there, with what is missing. */
  readonly lost: readonly string[]
}

export interface Orders {
  /** The pods that there are, told by EndpointSlices, by DNS, and to whom clients are led. */
  readonly pods: { readonly order: readonly PlatformPod[]; readonly answer: undefined }
  readonly mishaps: {
    readonly order: { readonly list?: readonly Mishap[]; readonly watch?: readonly Mishap[] }
    readonly answer: undefined
  }
  /** Every connection to the API server breaks. */
  readonly breakConnections: { readonly order: undefined; readonly answer: undefined }
  readonly forget: { readonly order: undefined; readonly answer: undefined }
  /** Opens lots, and bids on them from now on. */
  readonly bid: { readonly order: { readonly lots: number; readonly bidders: number }; readonly answer: undefined }
  /** Opens lots; answers on which nodes they run. */
  readonly open: { readonly order: { readonly prefix: string; readonly lots: number }; readonly answer: readonly string[] }
  /** Stops bidding and looks at every lot. */
  readonly account: { readonly order: undefined; readonly answer: Bidding }
  readonly metrics: { readonly order: string; readonly answer: string }
  readonly isReady: { readonly order: string; readonly answer: boolean }
}

export type Order = {
  readonly [K in keyof Orders]: { readonly id: number; readonly what: K; readonly order: Orders[K]['order'] }
}[keyof Orders]
export type Reply =
  | { readonly started: Addresses }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string }
