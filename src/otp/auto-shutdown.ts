// Whether a supervisor shuts itself down because a significant child has ended. Pure.

/** `never` (the default); `any_significant`: when any significant child has ended by itself; `all_significant`: when the last one has. */
export type AutoShutdown = 'never' | 'any_significant' | 'all_significant'

/** What has to be known of a child. */
export interface SignificantSibling {
  readonly spec: { readonly significant?: boolean }
  /** It runs, or is about to be started again. */
  readonly isActive: boolean
}

/** Decides when `ended` has ended by itself and is not started again; `children` are those that are kept. */
export function isShutDownBy(autoShutdown: AutoShutdown, children: Iterable<SignificantSibling>, ended: SignificantSibling): boolean {
  if (autoShutdown === 'never' || ended.spec.significant !== true) return false
  if (autoShutdown === 'any_significant') return true
  for (const child of children) if (child !== ended && child.spec.significant === true && child.isActive) return false
  return true
}
