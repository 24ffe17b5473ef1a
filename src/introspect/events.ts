// The facts this room states: what somebody did to this node through the observer.

/** What can be done through it. */
export type ManageAction =
  | 'kill'
  | 'suspend'
  | 'resume'
  | 'restart_child'
  | 'release'
  | 'drain'
  | 'undrain'
  | 'set_sampling'
  | 'set_log_level'
  | 'trace'

/** Who asks for it: the token by its fingerprint, the address it came from, and the node that was asked. */
export interface Asker {
  readonly who: string
  readonly from: string
  readonly via: string
}

export interface IntrospectEvents {
  /** Somebody made this node do something, or tried to. */
  'observer.managed': Asker & {
    action: ManageAction
    /** A pid, a name, a behaviour or a node. */
    target: string
    /** `ok`, or why it was not done. */
    outcome: string
    at: number
    trace: string | undefined
  }
}
