/**
 * Shared memory that carries transactions to the writer thread.
 *
 * A commit is copied into a free slot, so that its caller may go on at once; the slot comes back with the answer. With
 * one commit being written and the next being queued two or three slots turn; there are more only while a caller has
 * more commits under way. A slot made for an unusually large commit is dropped after it.
 */

export interface Slot {
  readonly index: number
  readonly memory: SharedArrayBuffer
  readonly buffer: Buffer
  /** Whether the writer thread has been given the memory. */
  known: boolean
}

const SLOT_BYTES = 1024 * 1024
const KEPT_BYTES = 16 * 1024 * 1024
const KEPT_SLOTS = 4

export class SlotPool {
  #free: Slot[] = []
  #indexes: number[] = []
  #next = 0

  take(size_bytes: number): Slot {
    const at = this.#free.findIndex((slot) => slot.buffer.length >= size_bytes)
    const [slot] = at < 0 ? [] : this.#free.splice(at, 1)
    return slot ?? this.#make(size_bytes)
  }

  give(slot: Slot): void {
    if (slot.buffer.length <= KEPT_BYTES && this.#free.length < KEPT_SLOTS) this.#free.push(slot)
    else this.#indexes.push(slot.index)
  }

  #make(size_bytes: number): Slot {
    let size = SLOT_BYTES
    while (size < size_bytes) size *= 2
    // Free slots are all too small: they make way, so that memory follows the commits of now.
    for (const { index } of this.#free) this.#indexes.push(index)
    this.#free = []
    const memory = new SharedArrayBuffer(size)
    return { index: this.#indexes.pop() ?? this.#next++, memory, buffer: Buffer.from(memory), known: false }
  }
}
