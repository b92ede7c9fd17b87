import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { AppError, type Reader } from '../../runtime/api/index.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { type ChainCheck, headOf } from './chain-check.ts'
import { type ExportHeader, encodeHead, encodeRecord, encodeTrailer, Seals } from './export-format.ts'
import { chainCheck, readTrail, type TrailEntry, type TrailPlace, trailOf } from './trail.ts'

export interface Exported {
  readonly records: number
  /** SHA-256 (hex) over the chain heads: kept elsewhere, it proves that the file is the one exported. */
  readonly head: string
  readonly file: string
}

/** Bytes gathered before they are written. */
const WRITE_BYTES = 1024 * 1024

/**
 * Writes the trail as it is durable now to `file`, whole or not at all. Rejects with `TRAIL_DAMAGED` (exit 3) if the
 * chains do not hold, `FILE_UNUSABLE` (exit 2) or `DISK_FULL` (exit 4).
 */
export async function exportTrail(
  reader: Reader,
  topology: Topology,
  file: string,
  progress: (records: number) => void = () => {},
): Promise<Exported> {
  const place = trailOf(topology)
  const partitions = Array.from({ length: place.partitions }, (_, partition) => {
    const { start_offset: from, end_offset: to } = reader.partition(place.topic, partition)
    return { partition, from, to }
  })
  const to = partitions.map((range) => range.to)
  const first = chainCheck(reader, place)
  let manifest: unknown = null
  for await (const entry of sound(reader, place, first, to)) {
    if (entry.event?.kind === 'RUN') manifest ??= parse(entry.event.body)
  }
  const head = headOf(first.heads)
  const records = partitions.reduce((sum, range) => sum + range.to - range.from, 0)
  const chains = [...first.heads].map(([origin, { count, hash }]) => ({ origin, count, head: hash }))
  const headless = partitions.some((range) => range.from > 0)
  const header = { topology: topology.name, topic: place.topic, manifest, records, partitions, headless, chains }
  await writeWhole(file, async (out) => {
    await write(out, header, sound(reader, place, chainCheck(reader, place), to), head, progress)
  })
  return { records, head, file }
}

async function write(
  out: FileHandle,
  header: ExportHeader,
  entries: AsyncIterable<TrailEntry>,
  head: string,
  progress: (records: number) => void,
): Promise<void> {
  const seals = new Seals()
  let parts: Uint8Array[] = []
  let bytes = 0
  let records = 0
  const put = async (part: Buffer) => {
    parts.push(part, seals.next(part))
    bytes += part.length
    if (bytes < WRITE_BYTES) return
    await out.writev(parts)
    parts = []
    bytes = 0
  }
  await put(encodeHead(header))
  for await (const { partition, offset, id, body } of entries) {
    await put(encodeRecord({ partition, offset, id, body }))
    progress(++records)
  }
  await put(encodeTrailer(header.records, head))
  await out.writev(parts)
}

/** The trail's entries; the first that does not hold ends the export. */
async function* sound(
  reader: Reader,
  place: TrailPlace,
  check: ChainCheck,
  to: readonly number[],
): AsyncGenerator<TrailEntry> {
  for await (const entry of readTrail(reader, place, check, to)) {
    if (entry.reason !== undefined) {
      throw new AppError('TRAIL_DAMAGED', `${place.topic}/${entry.partition}@${entry.offset}: ${entry.reason}`, {
        exit_code: 3,
        hint: 'see `aitrader audit verify --data DIR`; a trail that does not hold is not exported',
      })
    }
    yield entry
  }
}

async function writeWhole(file: string, write: (out: FileHandle) => Promise<void>): Promise<void> {
  const draft = `${file}.draft`
  try {
    const out = await open(draft, 'w')
    try {
      await write(out)
      await out.sync()
    } finally {
      await out.close()
    }
    await rename(draft, file)
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => {})
    if (cause instanceof AppError) throw cause
    const code = (cause as NodeJS.ErrnoException).code
    if (code === undefined) throw cause
    const full = code === 'ENOSPC' || code === 'EDQUOT'
    throw new AppError(full ? 'DISK_FULL' : 'FILE_UNUSABLE', `writing ${file}: ${(cause as Error).message}`, {
      exit_code: full ? 4 : 2,
      hint: full ? 'make room on the disk' : 'name a file in a directory that can be written',
      cause,
    })
  }
}

function parse(manifest: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(manifest).toString('utf8'))
  } catch {
    return null
  }
}
