// Something that is told facts, and lets a test wait for what it has been told.

export abstract class Recorder {
  #waiting: (() => void)[] = []

  /** Resolves when `condition` holds, now or after something was told. */
  until(condition: (recorder: this) => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = () => {
      if (condition(this)) resolve()
      else this.#waiting.push(look)
    }
    look()
    return promise
  }

  /** Something was told: whoever waits looks again. */
  protected wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const look of waiting) look()
  }
}
