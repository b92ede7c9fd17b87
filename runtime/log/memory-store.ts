import type { LogEntry, LogReads, LogStore, LogWrites } from './store.ts'

/**
 * The log's store in memory: an ordered map in chunks of sorted keys.
 *
 * It outlives the brokers opened on it, as a disk outlives processes; nothing in it depends on a clock. Values are
 * copied in, and copied out by `get`; values of a range are the stored bytes and must not be changed.
 */

const CHUNK = 512

interface Chunk {
  readonly keys: string[]
  readonly values: Uint8Array[]
}

export class MemoryStore implements LogStore {
  #chunks: Chunk[] = [{ keys: [], values: [] }]

  get(key: Uint8Array): Uint8Array | undefined {
    const value = this.peek(key)
    return value === undefined ? undefined : Buffer.from(value)
  }

  peek(key: Uint8Array): Uint8Array | undefined {
    const name = latin1(key)
    const chunk = this.#chunks[this.#chunkAt(name)] as Chunk
    const at = lowerBound(chunk.keys, name)
    return chunk.keys[at] === name ? chunk.values[at] : undefined
  }

  *range(from: Uint8Array, to: Uint8Array, reverse = false): Generator<LogEntry> {
    const low = latin1(from)
    const high = latin1(to)
    if (low >= high) return
    // The chunks are copied on write, so the ones held here stay as they are now.
    const chunks = this.#chunks
    const last = this.#chunkAt(high)
    for (let c = reverse ? last : this.#chunkAt(low); reverse ? c >= 0 : c <= last; c += reverse ? -1 : 1) {
      const { keys, values } = chunks[c] as Chunk
      const start = lowerBound(keys, low)
      const end = lowerBound(keys, high)
      for (let i = reverse ? end - 1 : start; reverse ? i >= start : i < end; i += reverse ? -1 : 1) {
        yield { key: Buffer.from(keys[i] as string, 'latin1'), value: values[i] as Uint8Array }
      }
      if (reverse && start > 0) return
    }
  }

  /** Atomic: `work` sees and changes a draft, which takes the place of the whole only when it returns. */
  transact(work: (writes: LogWrites) => void): void {
    const draft = new Draft(this, this.#chunks)
    work(draft)
    this.#chunks = draft.done()
  }

  #chunkAt(key: string): number {
    return chunkAt(this.#chunks, key)
  }

  /** A view of these chunks, for a draft. */
  static over(chunks: Chunk[]): MemoryStore {
    const store = new MemoryStore()
    store.#chunks = chunks
    return store
  }
}

class Draft implements LogWrites {
  readonly #base: MemoryStore
  #chunks: Chunk[]
  readonly #own = new Set<Chunk>()
  #changed = false

  constructor(base: MemoryStore, chunks: Chunk[]) {
    this.#base = base
    this.#chunks = chunks
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#view().get(key)
  }

  peek(key: Uint8Array): Uint8Array | undefined {
    return this.#view().peek(key)
  }

  range(from: Uint8Array, to: Uint8Array, reverse = false): Iterable<LogEntry> {
    // Entries are taken at once, since the draft may change while the caller iterates.
    return [...this.#view().range(from, to, reverse)]
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const name = latin1(key)
    const copy = Buffer.from(value)
    const at = chunkAt(this.#chunks, name)
    const chunk = this.#owned(at)
    const i = lowerBound(chunk.keys, name)
    if (chunk.keys[i] === name) {
      chunk.values[i] = copy
      return
    }
    chunk.keys.splice(i, 0, name)
    chunk.values.splice(i, 0, copy)
    if (chunk.keys.length > CHUNK) this.#split(at, chunk)
  }

  remove(key: Uint8Array): void {
    const name = latin1(key)
    const at = chunkAt(this.#chunks, name)
    const chunk = this.#owned(at)
    const i = lowerBound(chunk.keys, name)
    if (chunk.keys[i] !== name) return
    chunk.keys.splice(i, 1)
    chunk.values.splice(i, 1)
    if (chunk.keys.length === 0 && this.#chunks.length > 1) this.#chunks.splice(at, 1)
  }

  done(): Chunk[] {
    return this.#chunks
  }

  #view(): LogReads {
    return this.#changed ? MemoryStore.over(this.#chunks) : this.#base
  }

  /** The chunk at `at`, copied first if readers may hold it. */
  #owned(at: number): Chunk {
    if (!this.#changed) {
      this.#chunks = this.#chunks.slice()
      this.#changed = true
    }
    const chunk = this.#chunks[at] as Chunk
    if (this.#own.has(chunk)) return chunk
    const copy = { keys: chunk.keys.slice(), values: chunk.values.slice() }
    this.#own.add(copy)
    this.#chunks[at] = copy
    return copy
  }

  #split(at: number, chunk: Chunk): void {
    const half = chunk.keys.length >>> 1
    const upper = { keys: chunk.keys.splice(half), values: chunk.values.splice(half) }
    this.#own.add(upper)
    this.#chunks.splice(at + 1, 0, upper)
  }
}

/** The last chunk whose first key is not above `key`; the first one if there is none. */
function chunkAt(chunks: readonly Chunk[], key: string): number {
  let low = 0
  let high = chunks.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (((chunks[middle] as Chunk).keys[0] as string) <= key) low = middle
    else high = middle - 1
  }
  return low
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((keys[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}

/** Strings of Latin-1 compare as their bytes do. */
function latin1(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}
