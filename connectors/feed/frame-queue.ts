/** What arrived and was not taken yet, first in first out, measured in frames and bytes. */
export interface Arrived {
  readonly symbol: string
  readonly channel: string
  readonly payload: Uint8Array
  readonly receive_time_us: number
}

export interface QueueBounds {
  readonly frames: number
  readonly bytes: number
}

/** Beside its payload, what a frame that waits costs. */
const FRAME_BYTES = 256

export class FrameQueue {
  readonly #bounds: QueueBounds
  #items: Arrived[] = []
  #head = 0
  #bytes = 0
  /** The most that ever waited. */
  most_bytes = 0

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds
  }

  get length(): number {
    return this.#items.length - this.#head
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The next, which stays. */
  get first(): Arrived | undefined {
    return this.#items[this.#head]
  }

  /** Share of the bound that is in use; 1 and more is full. */
  get fill(): number {
    return Math.max(this.length / this.#bounds.frames, this.#bytes / this.#bounds.bytes)
  }

  push(item: Arrived): void {
    this.#items.push(item)
    this.#bytes += item.payload.length + FRAME_BYTES
    if (this.#bytes > this.most_bytes) this.most_bytes = this.#bytes
  }

  shift(): Arrived | undefined {
    const item = this.#items[this.#head]
    if (item === undefined) return undefined
    this.#items[this.#head] = undefined as unknown as Arrived
    this.#head++
    this.#bytes -= item.payload.length + FRAME_BYTES
    if (this.#head === this.#items.length) {
      this.#items = []
      this.#head = 0
    } else if (this.#head >= 1_024 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }
}
