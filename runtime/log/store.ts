/**
 * The port under the log core: an ordered key-value store with atomic, durable transactions.
 *
 * Keys and values are bytes, keys ordered bytewise and at most `MAX_KEY_BYTES` long. Two stores stand behind it:
 * memory (simulated broker) and LMDB (embedded broker, in its writer thread).
 */

export interface LogReads {
  /** The value, owned by the caller. */
  get(key: Uint8Array): Uint8Array | undefined
  /** The value, not to be changed and valid only until the next call of anything here. */
  peek(key: Uint8Array): Uint8Array | undefined
  /**
   * Entries with `from <= key < to` in key order, or backwards. One iteration sees one state of the store, however
   * long it takes.
   */
  range(from: Uint8Array, to: Uint8Array, reverse?: boolean): Iterable<LogEntry>
}

export interface LogEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export interface LogWrites extends LogReads {
  /** `value` is taken before `transact` returns; the caller may reuse its bytes then. */
  put(key: Uint8Array, value: Uint8Array): void
  remove(key: Uint8Array): void
}

export interface LogStore extends LogReads {
  /**
   * Runs `work` and makes everything it wrote durable at once, before it returns. If `work` or the write throws,
   * nothing of it is there.
   */
  transact(work: (writes: LogWrites) => void): void
}

/** What LMDB allows, less room for what the log core puts before a user's key. */
export const MAX_KEY_BYTES = 1_900
