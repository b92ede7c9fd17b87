import { markerType } from './outcome.ts'
import type { BatchCursor } from './record-batch.ts'
import type { AbortedTransaction } from './requests/fetch.ts'

/**
 * Passes over what a reader of committed records must not see: markers, and batches of aborted transactions.
 *
 * A fetch names the aborted transactions that touch its range, each by producer and first offset. A producer's batches
 * are dropped from that offset on until its abort marker; the next of its aborted transactions begins anew, so several
 * of one producer in one fetch, and one whose marker lies beyond the fetch, come out right. What is a marker is told by
 * the batch's attribute alone.
 */
export class CommittedFilter {
  /** In order of their first offset. */
  #aborted: readonly AbortedTransaction[] = []
  #next = 0
  readonly #aborting = new Set<number>()

  open(aborted: readonly AbortedTransaction[]): this {
    // Brokers answer them in order; the filter's correctness rests on it.
    this.#aborted = aborted.length < 2 ? aborted : [...aborted].sort((a, b) => a.first_offset - b.first_offset)
    this.#next = 0
    this.#aborting.clear()
    return this
  }

  /** Steps `cursor` to the next batch whose records are committed. */
  next(cursor: BatchCursor): boolean {
    while (cursor.next()) {
      if (this.#passes(cursor)) return true
    }
    return false
  }

  #passes(cursor: BatchCursor): boolean {
    for (; this.#next < this.#aborted.length; this.#next++) {
      const { producer_id, first_offset } = this.#aborted[this.#next] as AbortedTransaction
      if (first_offset > cursor.last_offset) break
      this.#aborting.add(producer_id)
    }
    if (cursor.control) {
      if (this.#aborting.has(cursor.producer_id) && markerType(cursor) === 0) this.#aborting.delete(cursor.producer_id)
      return false
    }
    return !(cursor.transactional && this.#aborting.has(cursor.producer_id))
  }
}
