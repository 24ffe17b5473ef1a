// Doing one thing after another, without a promise as long as none of them needs one. Pure.

/** Goes through items one after the other; the first that fails ends it. */
export function inTurn<T, R>(
  items: readonly T[],
  act: (item: T) => void | Promise<void>,
  done: () => R,
  failed: (error: unknown) => Promise<R> | R = (error) => {
    throw error
  },
): R | Promise<R> {
  for (let i = 0; i < items.length; i++) {
    try {
      const pending = act(items[i] as T)
      if (pending instanceof Promise) return pending.then(() => inTurn(items.slice(i + 1), act, done, failed), failed)
    } catch (error) {
      return failed(error)
    }
  }
  return done()
}

/** What `map` makes of a value, at once if the value is there. */
export function andThen<T, R>(pending: T | Promise<T>, map: (value: T) => R | Promise<R>): R | Promise<R> {
  return pending instanceof Promise ? pending.then(map) : map(pending)
}
