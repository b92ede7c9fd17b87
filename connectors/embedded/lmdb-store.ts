import { open, type RootDatabase } from 'lmdb'
import { AppError, assert } from '../../runtime/api/index.ts'
import type { LogEntry, LogStore, LogWrites } from '../../runtime/api/log.ts'

/**
 * The log's store on LMDB: one file, binary keys and values, one synchronous durable commit per transaction.
 *
 * `overlappingSync: false` makes LMDB write and sync the data pages and then the meta page before `transactionSync`
 * returns: committed is durable. A write that fails (disk full, quota, file size limit, I/O error) leaves the old meta
 * page in force, so nothing of the transaction is there; it comes out as `DISK_FULL` or `STORE_FAILED` (exit 4).
 */

/** Address space kept for the map; the file grows only as it fills. */
const MAP_BYTES = 2 ** 38

export class LmdbStore implements LogStore {
  readonly #db: RootDatabase<Buffer, Buffer>

  /** A read-only store may be opened beside a writer, in this or another process, and never waits for it. */
  constructor(path: string, options: { readonly read_only: boolean }) {
    this.#db = open<Buffer, Buffer>({
      path,
      noSubdir: true,
      readOnly: options.read_only,
      encoding: 'binary',
      keyEncoding: 'binary',
      overlappingSync: false,
      cache: false,
      mapSize: MAP_BYTES,
    })
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#db.getBinary(asBuffer(key))
  }

  *range(from: Uint8Array, to: Uint8Array, reverse = false): Generator<LogEntry> {
    const low = asBuffer(from)
    const high = asBuffer(to)
    if (low.compare(high) >= 0) return
    const bounds = reverse
      ? { start: high, exclusiveStart: true, end: low, inclusiveEnd: true, reverse }
      : { start: low, end: high }
    yield* this.#db.getRange(bounds)
  }

  transact(work: (writes: LogWrites) => void): void {
    const writes: LogWrites = {
      get: (key) => this.get(key),
      range: (from, to, reverse) => this.range(from, to, reverse),
      put: (key, value) => assert(this.#db.putSync(asBuffer(key), asBuffer(value)), 'LMDB did not take a value'),
      remove: (key) => {
        this.#db.removeSync(asBuffer(key))
      },
    }
    try {
      this.#db.transactionSync(() => work(writes))
    } catch (error) {
      throw storeError(error)
    }
  }

  /** Sees what was committed up to now; without it a read sees what the last one did. */
  refresh(): void {
    this.#db.resetReadTxn()
  }

  close(): Promise<void> {
    return this.#db.close()
  }
}

const ENOSPC = 28
const EFBIG = 27
const EDQUOT = 122
const MDB_MAP_FULL = -30792
const FULL: readonly unknown[] = [ENOSPC, EFBIG, EDQUOT, MDB_MAP_FULL]

/** Names what went wrong with a write; errors of the log core pass as they are. */
function storeError(error: unknown): unknown {
  const code = (error as { code?: unknown }).code
  if (typeof code !== 'number') return error
  if (FULL.includes(code)) {
    return new AppError('DISK_FULL', 'writing the log: no space is left for it', {
      exit_code: 4,
      hint: 'make room on the disk (or raise the quota or file size limit) and start again: what was committed is there',
      cause: error,
    })
  }
  return new AppError('STORE_FAILED', `writing the log: ${(error as Error).message}`, {
    exit_code: 4,
    hint: 'see to the disk and start again: what was committed is there',
    cause: error,
  })
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
