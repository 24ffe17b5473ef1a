// Pure. What a name server's answers add up to: a name that does not exist is empty, a server that fails says nothing.

/** What became of one question. `failed` is no news: what was answered before still holds. */
export type DnsAnswer =
  | { readonly kind: 'answered'; readonly values: readonly string[] }
  | { readonly kind: 'failed'; readonly why: string }

/** There are no such records, or no such name at all; every other error leaves that open. */
const EMPTY: readonly unknown[] = ['ENODATA', 'ENOTFOUND']

export function answered(values: readonly string[]): DnsAnswer {
  return { kind: 'answered', values }
}

/** What an error of the resolver says of the question. */
export function answerOf(error: unknown): DnsAnswer {
  const { code, message } = error as NodeJS.ErrnoException
  return EMPTY.includes(code) ? answered([]) : { kind: 'failed', why: message }
}

/** The newest good answer to each question; one question is `A host`, `AAAA host` or `SRV name`. */
export class DnsView {
  #answers = new Map<string, readonly string[]>()
  #round = new Map<string, readonly string[]>()
  #failures: string[] = []
  #isHeard = false

  /** Takes an answer in; what holds for the question now, be it from an earlier round. */
  take(question: string, answer: DnsAnswer): readonly string[] {
    if (answer.kind === 'failed') this.#failures.push(answer.why)
    else this.#isHeard = true
    const values = answer.kind === 'failed' ? (this.#answers.get(question) ?? []) : answer.values
    this.#round.set(question, values)
    return values
  }

  /** Ends a round of questions: why some failed, and whether any was answered. Questions that were not asked in it are forgotten. */
  endRound(): { readonly failures: readonly string[]; readonly isHeard: boolean } {
    const ended = { failures: this.#failures, isHeard: this.#isHeard }
    this.#answers = this.#round
    this.#round = new Map()
    this.#failures = []
    this.#isHeard = false
    return ended
  }
}
