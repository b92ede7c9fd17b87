import { Buckets, type Distribution } from './exposition.ts'

/** Time between two looks, milliseconds: twenty timers a second cost nothing. */
const EVERY_MS = 50
const BOUNDS_S = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** Begins to watch how much later than asked for a timer of this thread fires; what it answers reads all since then. */
export function watchEventLoop(): () => Distribution {
  const buckets = new Buckets(BOUNDS_S)
  let last_ms = performance.now()
  const timer = setInterval(() => {
    const now_ms = performance.now()
    buckets.observe(Math.max(0, now_ms - last_ms - EVERY_MS) / 1000)
    last_ms = now_ms
  }, EVERY_MS)
  timer.unref()
  return () => buckets.distribution
}
