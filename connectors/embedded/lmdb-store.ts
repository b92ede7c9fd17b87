import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { open, type RootDatabase } from 'lmdb'
import { AppError, assert } from '../../runtime/api/index.ts'
import type { LogEntry, LogStore, LogWrites } from '../../runtime/api/log.ts'
import { isFull } from './directory.ts'
import { checkLogFile } from './log-file.ts'

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
  readonly #path: string
  readonly #db: RootDatabase<Buffer, Buffer>

  /** A read-only store may be opened beside a writer, in this or another process, and never waits for it. */
  constructor(path: string, options: { readonly read_only: boolean }) {
    checkLogFile(path)
    this.#path = path
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

  peek(key: Uint8Array): Uint8Array | undefined {
    return this.#db.getBinaryFast(asBuffer(key))
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
      peek: (key) => this.peek(key),
      range: (from, to, reverse) => this.range(from, to, reverse),
      put: (key, value) => assert(this.#db.putSync(asBuffer(key), asBuffer(value)), 'LMDB did not take a value'),
      remove: (key) => {
        this.#db.removeSync(asBuffer(key))
      },
    }
    try {
      this.#db.transactionSync(() => work(writes))
    } catch (error) {
      throw this.#named(error)
    }
  }

  /** Names what went wrong with a write; errors of the log core pass as they are. */
  #named(error: unknown): unknown {
    const code = (error as { code?: unknown }).code
    if (typeof code !== 'number') return error
    const full = FULL.includes(code) || (code === EIO && isFull(dirname(this.#path), statSync(this.#path).size))
    return new AppError(
      full ? 'DISK_FULL' : 'STORE_FAILED',
      full ? 'writing the log: no space is left for it' : `writing the log failed with error ${code}`,
      {
        exit_code: 4,
        hint: full
          ? 'make room on the disk (or raise the quota or file size limit) and start again: what was committed is there'
          : 'see to the disk and start again: what was committed is there',
        cause: error,
      },
    )
  }

  /** Sees what was committed up to now; without it a read sees what the last one did. */
  refresh(): void {
    this.#db.resetReadTxn()
  }

  close(): Promise<void> {
    return this.#db.close()
  }
}

const EIO = 5
const EFBIG = 27
const ENOSPC = 28
const EDQUOT = 122
const MDB_MAP_FULL = -30792
const FULL: readonly unknown[] = [EFBIG, ENOSPC, EDQUOT, MDB_MAP_FULL]

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
