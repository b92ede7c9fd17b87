/**
 * What goes wrong in a simulated log, and when: one seed, one run.
 *
 * A plan is asked once per commit that reaches the store, in order, so a fault depends on the number of the commit and
 * on nothing else.
 */

export type CommitFate =
  | { readonly kind: 'done' }
  /** Nothing is written: `RetriableError`. */
  | { readonly kind: 'not_written' }
  /** Written, but the answer is lost: `COMMIT_UNKNOWN`. */
  | { readonly kind: 'answer_lost' }
  /** Neither written nor known to be: `COMMIT_UNKNOWN`. */
  | { readonly kind: 'request_lost' }
  /** Written only after this much of the scheduler's time. */
  | { readonly kind: 'slow'; readonly delay_us: number }

export type FaultPlan = (commit_number: number) => CommitFate

export const DONE: CommitFate = { kind: 'done' }

export const noFaults: FaultPlan = () => DONE

/** Shares of all commits, 0 to 1 each; what is left of 1 goes well. */
export interface FaultShares {
  readonly not_written?: number
  readonly answer_lost?: number
  readonly request_lost?: number
  readonly slow?: number
  readonly slow_us_max?: number
}

/** The fate of commit `n` is a function of `seed` and `n`. */
export function seededFaults(seed: number, shares: FaultShares): FaultPlan {
  const { not_written = 0, answer_lost = 0, request_lost = 0, slow = 0, slow_us_max = 50_000 } = shares
  return (commit_number) => {
    let draw = uniform(seed, commit_number, 0)
    draw -= not_written
    if (draw < 0) return { kind: 'not_written' }
    draw -= answer_lost
    if (draw < 0) return { kind: 'answer_lost' }
    draw -= request_lost
    if (draw < 0) return { kind: 'request_lost' }
    draw -= slow
    if (draw < 0) return { kind: 'slow', delay_us: 1 + Math.floor(uniform(seed, commit_number, 1) * slow_us_max) }
    return DONE
  }
}

/**
 * A number in [0, 1) from three integers, for what is chosen by a seed: the 32-bit finaliser of MurmurHash3, applied to
 * each in turn.
 */
export function uniform(seed: number, number: number, lane: number): number {
  return mix(mix(mix(seed | 0) ^ number) ^ (lane + 0x9e3779b9)) / 0x1_0000_0000
}

function mix(n: number): number {
  let h = n | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
