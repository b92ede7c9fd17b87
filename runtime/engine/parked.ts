/**
 * Keys whose later records wait behind a refused one, each with the ids of the records that wait, the refused one first.
 *
 * They wait as dead letters. The first is sent through once more, then those behind it in their order; the key is open
 * again when none is left. Part of a task's state, since what becomes of a record depends on it.
 */
export class Parked {
  readonly #waiting = new Map<string, string[]>()

  has(key: string): boolean {
    return this.#waiting.has(key)
  }

  /** The id of the record that all of the key wait for. */
  first(key: string): string {
    return this.#waiting.get(key)?.[0] ?? ''
  }

  push(key: string, id: string): void {
    const ids = this.#waiting.get(key)
    if (ids === undefined) this.#waiting.set(key, [id])
    else ids.push(id)
  }

  /** One of those that wait was refused once more, under a new id; one that did not wait is the last from now on. */
  replace(key: string, id: string, by: string): void {
    const ids = this.#waiting.get(key)
    const at = ids?.indexOf(id) ?? -1
    if (ids === undefined || at < 0) this.push(key, by)
    else ids[at] = by
  }

  /** The first is through. */
  shift(key: string): void {
    const ids = this.#waiting.get(key)
    ids?.shift()
    if (ids?.length === 0) this.#waiting.delete(key)
  }

  /** As a snapshot holds them, in the order in which the keys were parked; undefined if there are none. */
  snapshot(): [key: string, ids: readonly string[]][] | undefined {
    return this.#waiting.size === 0 ? undefined : [...this.#waiting]
  }

  restore(saved: readonly (readonly [key: string, ids: readonly string[]])[]): void {
    for (const [key, ids] of saved) this.#waiting.set(key, [...ids])
  }
}
