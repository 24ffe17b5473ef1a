// What goes over the control channel between a test and an OS process of its own, which is not the network: questions and answers.

/** What can be asked, by name. */
export type Asked<Q> = { readonly [K in keyof Q]: { readonly question: unknown; readonly answer: unknown } }

export type Request<Q extends Asked<Q>> = {
  [K in keyof Q]: { readonly id: number; readonly ask: K; readonly question: Q[K]['question'] }
}[keyof Q]

/** `ready`: it has done what it has to do before it takes part. */
export type Told =
  | { readonly ready: true }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string }

/** For the process: answers what it is asked, and ends when nobody can ask any more. */
export function answerWith<Q extends Asked<Q>>(answer: (request: Request<Q>) => Promise<Q[keyof Q]['answer']>): void {
  process.on('message', (request: Request<Q>) => {
    answer(request).then(
      (value) => tell({ id: request.id, answer: value }),
      (error: unknown) => tell({ id: request.id, error: String(error) }),
    )
  })
}

/** For the process: says that it is ready. */
export function tellReady(): void {
  tell({ ready: true })
}

function tell(told: Told): void {
  // The channel may close meanwhile; the disconnect says what that means.
  process.send?.(told, () => undefined)
}
