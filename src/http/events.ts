// The facts this room states: what was asked of the node over HTTP.

export interface HttpEvents {
  /** A request was answered; `route` is the route's template, never the address. `isStream`: the answer went on until one side ended it, whichever. */
  'http.request_completed': {
    method: string
    route: string
    status: number
    isStream: boolean
    durationMs: number
    trace: string | undefined
  }
}
