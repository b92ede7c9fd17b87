import { realpathSync } from 'node:fs'
import { assert, type Broker, type Reader } from '../../runtime/api/index.ts'
import { LogView } from '../../runtime/api/log.ts'
import { records } from '../../schemas/generated/index.ts'
import {
  checkTopology,
  logPath,
  makeDirectory,
  readFormat,
  requireLog,
  requireRoom,
  sweepProbes,
  writeFormat,
} from './directory.ts'
import { LmdbStore } from './lmdb-store.ts'
import { lockDirectory } from './lock.ts'
import { DirectorySchemas, keepSchemas } from './schemas.ts'
import { Writer } from './writer.ts'

/**
 * The embedded broker: a log in a directory of this machine, without a server.
 *
 * One process writes (`openEmbedded`), any number read what is durable beside it (`openEmbeddedReader`). A commit's
 * promise resolves when it is on disk. It is for one machine only.
 */

/**
 * Directories this process has open for reading alone, and how often. LMDB shares one map per process, and one that was
 * opened for reading cannot become writable.
 */
const read_only = new Map<string, number>()
const written = new Set<string>()

export interface EmbeddedOptions {
  /** Name of the topology that the directory belongs to, or will. */
  readonly topology: string
  /** What another process is told about this one if it wants the directory too. */
  readonly command?: string
}

export interface EmbeddedBroker extends Broker {
  /** Reads what earlier builds wrote. */
  readonly codecs: DirectorySchemas
}

/**
 * Opens the directory for writing and makes it if it is missing. Rejects with `DIRECTORY_LOCKED` (naming the holder),
 * `DIRECTORY_TOO_NEW`, `DIRECTORY_MISMATCH`, `DIRECTORY_UNUSABLE` (all exit 2), `DISK_FULL`, `STORE_FAILED` (exit 4) or
 * `DATA_DAMAGED` (exit 3).
 */
export async function openEmbedded(dir: string, options: EmbeddedOptions): Promise<EmbeddedBroker> {
  const found = readFormat(dir)
  if (found !== undefined) checkTopology(dir, found, options.topology)
  makeDirectory(dir)
  requireRoom(dir)
  const real = realpathSync(dir)
  assert(!read_only.has(real), `close the readers of ${dir} in this process before writing to it`)
  const lock = lockDirectory(dir, options.command ?? process.argv.slice(1).join(' '))
  try {
    sweepProbes(dir)
    const format = readFormat(dir)
    if (format === undefined) writeFormat(dir, options.topology)
    else checkTopology(dir, format, options.topology)
    keepSchemas(dir, Object.values(records))
    const writer = await Writer.open(logPath(dir))
    written.add(real)
    return broker(dir, writer, () => {
      written.delete(real)
      lock.release()
    })
  } catch (error) {
    lock.release()
    throw error
  }
}

export interface EmbeddedReader extends Reader {
  /** Name of the topology that the directory belongs to. */
  readonly topology: string
  /** Reads what earlier builds wrote. */
  readonly codecs: DirectorySchemas
}

/**
 * Opens the directory for reading, beside a writer or without one. Rejects with `DIRECTORY_NOT_FOUND`,
 * `DIRECTORY_TOO_NEW` (exit 2) or `DATA_DAMAGED` (exit 3).
 */
export async function openEmbeddedReader(dir: string): Promise<EmbeddedReader> {
  const { topology } = requireLog(dir)
  const real = realpathSync(dir)
  const alone = !written.has(real)
  const view = openView(dir, () => {
    if (!alone) return
    const left = (read_only.get(real) ?? 0) - 1
    if (left > 0) read_only.set(real, left)
    else read_only.delete(real)
  })
  if (alone) read_only.set(real, (read_only.get(real) ?? 0) + 1)
  return Object.assign(view, { topology, codecs: new DirectorySchemas(dir) })
}

function openView(dir: string, closed: () => void = () => {}): LogView {
  const store = new LmdbStore(logPath(dir), { read_only: true })
  let closing: Promise<void> | undefined
  return new LogView(
    store,
    () => store.refresh(),
    () => {
      closing ??= store.close().finally(closed)
      return closing
    },
  )
}

function broker(dir: string, writer: Writer, unlock: () => void): EmbeddedBroker {
  const view = openView(dir)
  let closing: Promise<void> | undefined
  const number = (topic: string, partition: number) => view.number(topic, partition)
  return {
    codecs: new DirectorySchemas(dir),
    topics: () => view.topics(),
    partition: (topic, partition) => view.partition(topic, partition),
    highWatermark: (topic, partition) => view.highWatermark(topic, partition),
    read: (topic, partition, offset) => view.read(topic, partition, offset),
    follow: (from) => view.follow(from),
    offsetAt: (topic, partition, stream_time_us) => view.offsetAt(topic, partition, stream_time_us),
    scan: (store, prefix) => view.scan(store, prefix),
    get: (store, key) => view.get(store, key),
    digests: () => view.digests(),
    async declare(topics) {
      await writer.ask({ kind: 'declare', topics })
      view.topics()
    },
    async producer(transactional_id) {
      const epoch = await writer.ask({ kind: 'acquire', transactional_id })
      return { commit: (transaction) => writer.commit(transactional_id, epoch, transaction, number) }
    },
    trim: (stream_time_us, keep_from) => writer.ask({ kind: 'trim', stream_time_us, keep_from }),
    close() {
      closing ??= writer
        .close()
        .then(() => view.close())
        .finally(unlock)
      return closing
    },
  }
}
