/** One pending timer: a name under a state key. */
export interface Timer {
  readonly key: string
  readonly name: string
  readonly due_us: number
  /** Order of setting within the task; breaks ties. */
  readonly order: number
  /** Id of the record that set it: the cause of what it emits. */
  readonly cause: string
  live: boolean
}

/**
 * Timers of one task in the order they fire: by due time, then by the order they were set.
 *
 * A binary heap with lazy deletion: a timer that was replaced or cancelled stays in the heap until it surfaces.
 */
export class Timers {
  private readonly heap: Timer[] = []
  private readonly by_key = new Map<string, Map<string, Timer>>()
  private next_order = 0
  private live = 0

  set(key: string, name: string, due_us: number, cause: string): void {
    this.cancel(key, name)
    const timer: Timer = { key, name, due_us, order: this.next_order++, cause, live: true }
    let names = this.by_key.get(key)
    if (names === undefined) {
      names = new Map()
      this.by_key.set(key, names)
    }
    names.set(name, timer)
    this.live++
    // Timers that are put off again and again leave dead entries behind; more than half dead is swept.
    if (this.heap.length > 256 && this.heap.length > 2 * this.live) this.sweep()
    this.push(timer)
  }

  cancel(key: string, name: string): void {
    const names = this.by_key.get(key)
    const timer = names?.get(name)
    if (names === undefined || timer === undefined) return
    timer.live = false
    this.live--
    names.delete(name)
    if (names.size === 0) this.by_key.delete(key)
  }

  /** The earliest timer, or undefined. */
  peek(): Timer | undefined {
    for (;;) {
      const top = this.heap[0]
      if (top === undefined || top.live) return top
      this.pop()
    }
  }

  /** Stream time of the earliest timer, or infinity. */
  get due_us(): number {
    return this.peek()?.due_us ?? Number.POSITIVE_INFINITY
  }

  /** Takes the earliest timer off. */
  take(): Timer | undefined {
    const top = this.peek()
    if (top !== undefined) {
      this.pop()
      this.cancel(top.key, top.name)
    }
    return top
  }

  /** Pending timers in firing order: what a snapshot holds. */
  pending(): Timer[] {
    return this.heap.filter((timer) => timer.live).sort(before)
  }

  private sweep(): void {
    const pending = this.pending() // Sorted, hence a heap.
    this.heap.length = 0
    for (const timer of pending) this.heap.push(timer)
  }

  private push(timer: Timer): void {
    const heap = this.heap
    let at = heap.push(timer) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] as Timer
      if (before(above, timer) <= 0) break
      heap[at] = above
      at = parent
    }
    heap[at] = timer
  }

  private pop(): void {
    const heap = this.heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as Timer, heap[child] as Timer) < 0) child++
      if (before(last, heap[child] as Timer) <= 0) break
      heap[at] = heap[child] as Timer
      at = child
    }
    heap[at] = last
  }
}

function before(a: Timer, b: Timer): number {
  return a.due_us - b.due_us || a.order - b.order
}
