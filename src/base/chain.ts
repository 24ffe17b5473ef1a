// A chain through its own members: joining and leaving allocate nothing, and cost the same however long it is.

/** What can be a member of one chain at a time. */
export interface Member<T> {
  earlier: T | undefined
  later: T | undefined
}

/** In the order in which they joined. A set of as many would be rebuilt each time it doubles, and each entry is work for the collector. */
export class Chain<T extends Member<T>> {
  #first: T | undefined
  #last: T | undefined

  get first(): T | undefined {
    return this.#first
  }

  /** Of what is in no chain. */
  join(member: T): void {
    member.earlier = this.#last
    if (this.#last === undefined) this.#first = member
    else this.#last.later = member
    this.#last = member
  }

  /** Of a member of this chain. */
  leave(member: T): void {
    const { earlier, later } = member
    if (earlier === undefined) this.#first = later
    else earlier.later = later
    if (later === undefined) this.#last = earlier
    else later.earlier = earlier
    member.earlier = undefined
    member.later = undefined
  }

  /** A member that leaves meanwhile takes nothing of the rest along, unless it is the next. */
  *[Symbol.iterator](): Generator<T> {
    for (let member = this.#first; member !== undefined; ) {
      const { later }: T = member
      yield member
      member = later
    }
  }
}
