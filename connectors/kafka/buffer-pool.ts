import { Arena } from '../../runtime/api/index.ts'

/**
 * Arenas that are used again, commit after commit: fresh buffers of megabytes cost page faults and collections.
 *
 * Holds at most `MAX_BYTES` that nobody uses; more is left to the collector.
 */
export class ArenaPool {
  #free: Arena[] = []
  #bytes = 0

  /** An empty arena, at best one of `bytes` or more. */
  take(bytes: number): Arena {
    let best: Arena | undefined
    for (const one of this.#free) {
      if (one.buf.length >= bytes && (best === undefined || one.buf.length < best.buf.length)) best = one
    }
    if (best === undefined) return new Arena(bytes)
    this.#free.splice(this.#free.indexOf(best), 1)
    this.#bytes -= best.buf.length
    best.reset()
    return best
  }

  /** Gives it back: nobody may look at its bytes any more. */
  give(arena: Arena): void {
    if (this.#bytes + arena.buf.length > MAX_BYTES) return
    this.#free.push(arena)
    this.#bytes += arena.buf.length
  }
}

const MAX_BYTES = 64 * 1024 * 1024
