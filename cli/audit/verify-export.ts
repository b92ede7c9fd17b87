import { open } from 'node:fs/promises'
import { hashOfBody } from '../../processors/audit-sink/chain.ts'
import { AppError } from '../../runtime/api/index.ts'
import { ChainCheck, headOf } from './chain-check.ts'
import {
  decodeRecord,
  END,
  type ExportHeader,
  encodeTrailer,
  MAGIC,
  MAX_HEADER_BYTES,
  MAX_RECORD_BYTES,
  MIN_RECORD_BYTES,
  SEAL_BYTES,
  Seals,
  VERSION,
} from './export-format.ts'

/** What was found first; `partition` and `offset` are null outside a record. */
export interface Bad {
  /** Topic that the place is in; absent in an export, which holds one. */
  readonly topic?: string
  readonly partition: number | null
  readonly offset: number | null
  readonly reason: string
}

export interface Verified {
  /** Audit events found sound. */
  readonly records: number
  /** SHA-256 (hex) over the chain heads; null if anything is wrong. */
  readonly head: string | null
  readonly ok: boolean
  readonly first_bad: Bad | null
}

/** Fills a buffer with the next bytes and answers how many; 0 at the end. */
export type ReadBytes = (into: Buffer) => Promise<number>

/** Bytes front to back, a chunk in memory at a time. */
class Bytes {
  private readonly read: ReadBytes
  private chunk: Buffer = Buffer.alloc(0)
  private at = 0

  constructor(read: ReadBytes) {
    this.read = read
  }

  /** The next `size` bytes, a view until the next call; fewer where the file ends. */
  async take(size: number): Promise<Buffer> {
    if (this.chunk.length - this.at < size) await this.fill(size)
    const taken = this.chunk.subarray(this.at, this.at + size)
    this.at += taken.length
    return taken
  }

  private async fill(size: number): Promise<void> {
    const rest = this.chunk.subarray(this.at)
    const parts: Buffer[] = [Buffer.from(rest)]
    let have = rest.length
    // Asked for in pieces: a length that lies costs no more memory than the file has bytes.
    while (have < size) {
      const part = Buffer.allocUnsafe(CHUNK_BYTES)
      const bytes = await this.read(part)
      if (bytes === 0) break
      parts.push(part.subarray(0, bytes))
      have += bytes
    }
    this.chunk = Buffer.concat(parts)
    this.at = 0
  }
}

const CHUNK_BYTES = 256 * 1024

/** Checks an exported trail: all of its bytes, its chains, its counts. Only a file that cannot be opened rejects. */
export async function verifyExport(
  path: string,
  progress: (records: number, of: number) => void = () => {},
): Promise<Verified> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  try {
    return await verifyBytes(async (into) => (await file.read(into, 0, into.length, null)).bytesRead, progress)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause
    throw unreadable(path, cause)
  } finally {
    await file.close()
  }
}

/** The same of bytes that come from anywhere. */
export function verifyBytes(
  read: ReadBytes,
  progress: (records: number, of: number) => void = () => {},
): Promise<Verified> {
  return new ExportCheck(new Bytes(read), progress).all()
}

function unreadable(path: string, cause: unknown): AppError {
  return new AppError('FILE_UNUSABLE', `reading ${path}: ${(cause as Error).message}`, {
    exit_code: 2,
    hint: 'name a file that `aitrader audit export FILE --data DIR` wrote, or a directory with --data',
    cause,
  })
}

class ExportCheck {
  private readonly bytes: Bytes
  private readonly progress: (records: number, of: number) => void
  private readonly seals = new Seals()
  private records = 0

  constructor(bytes: Bytes, progress: (records: number, of: number) => void) {
    this.bytes = bytes
    this.progress = progress
  }

  async all(): Promise<Verified> {
    const header = await this.header()
    if (typeof header === 'string') return this.bad(null, null, header)
    const chains = new ChainCheck(
      header.chains.map(({ origin }) => origin),
      header.headless,
    )
    for (const { partition, from, to } of header.partitions) {
      for (let offset = from; offset < to; offset++) {
        const reason = await this.record(partition, offset, chains)
        if (reason !== undefined) return this.bad(partition, offset, reason)
        this.records++
        this.progress(this.records, header.records)
      }
    }
    for (const { origin, count, head } of header.chains) {
      const found = chains.heads.get(origin)
      if (found?.count !== count || found.hash !== head)
        return this.bad(null, null, `the chain of ${origin} does not end as the header says`)
    }
    const head = headOf(chains.heads)
    const [reason, put_in] = await this.trailer(head)
    if (reason !== undefined) {
      const last = put_in ? header.partitions.at(-1) : undefined
      return this.bad(last?.partition ?? null, last?.to ?? null, reason)
    }
    return { records: this.records, head, ok: true, first_bad: null }
  }

  private bad(partition: number | null, offset: number | null, reason: string): Verified {
    return { records: this.records, head: null, ok: false, first_bad: { partition, offset, reason } }
  }

  private async header(): Promise<ExportHeader | string> {
    const head = Buffer.from(await this.bytes.take(MAGIC.length + 8))
    if (head.length === 0) return 'the file is empty'
    if (head.length < MAGIC.length + 8 || Buffer.compare(head.subarray(0, MAGIC.length), MAGIC) !== 0)
      return 'it is no exported audit trail'
    const version = head.readUInt32LE(MAGIC.length)
    if (version !== VERSION) return `its version is ${version}, this build knows ${VERSION}`
    const size = head.readUInt32LE(MAGIC.length + 4)
    if (size > MAX_HEADER_BYTES) return 'the length of its header cannot be'
    const json = Buffer.from(await this.bytes.take(size))
    if (json.length < size) return 'the file ends inside its header'
    if (!(await this.sealed(head, json))) return 'its header was changed'
    try {
      return headerOf(JSON.parse(json.toString('utf8')))
    } catch {
      return 'its header cannot be read'
    }
  }

  /** What is wrong with the next record, which belongs at this place. */
  private async record(partition: number, offset: number, chains: ChainCheck): Promise<string | undefined> {
    const length = Buffer.from(await this.bytes.take(4))
    if (length.length < 4) return 'the file ends before it'
    const size = length.readUInt32LE(0)
    if (size < MIN_RECORD_BYTES || size > MAX_RECORD_BYTES) return 'its length cannot be, or the record is missing'
    const content = Buffer.from(await this.bytes.take(size))
    if (content.length < size) return 'the file ends inside it, or its length was changed'
    const sealed = await this.sealed(length, content)
    const record = decodeRecord(content)
    const moved = record !== undefined && (record.partition !== partition || record.offset !== offset)
    if (!sealed) {
      // A record whose own hash still holds was not changed: it is in the wrong place.
      const intact = moved && isIntact(record.body)
      return intact
        ? `record ${record.id} of ${record.partition}@${record.offset} stands there: records are missing, moved or inserted`
        : 'its bytes were changed, or the order of the records'
    }
    if (record === undefined) return 'its lengths do not fit together'
    if (moved) return `the record of ${record.partition}@${record.offset} stands there`
    const checked = chains.next(record.body)
    return 'reason' in checked ? checked.reason : undefined
  }

  /** What is wrong with the trailer, and whether there is a whole record in its place. */
  private async trailer(head: string): Promise<[reason?: string, put_in?: boolean]> {
    const expected = encodeTrailer(this.records, head)
    const begin = Buffer.from(await this.bytes.take(4))
    const size = begin.length === 4 ? begin.readUInt32LE(0) : END
    if (size >= MIN_RECORD_BYTES && size <= MAX_RECORD_BYTES) {
      const content = await this.bytes.take(size)
      const record = content.length < size ? undefined : decodeRecord(content)
      if (record !== undefined && isIntact(record.body))
        return [`record ${record.id} was put in behind the last one`, true]
      return ['its trailer was changed']
    }
    const found = Buffer.concat([begin, await this.bytes.take(expected.length - 4)])
    if (found.length < expected.length) return ['the file ends inside its trailer']
    if (Buffer.compare(found, expected) !== 0 || !(await this.sealed(found))) return ['its trailer was changed']
    return (await this.bytes.take(1)).length === 0 ? [] : ['there are bytes after its end']
  }

  /** Whether the seal that follows is the one over these bytes and all before them. */
  private async sealed(...bytes: readonly Buffer[]): Promise<boolean> {
    const seal = this.seals.next(...bytes)
    return Buffer.compare(await this.bytes.take(SEAL_BYTES), seal) === 0
  }
}

function isIntact(body: Uint8Array): boolean {
  const hash = hashOfBody(body)
  return hash !== undefined && Buffer.compare(hash, body.subarray(body.length - hash.length)) === 0
}

/** The header's JSON, its shape checked: a hash only says that nobody changed it since. */
function headerOf(json: unknown): ExportHeader {
  const header = json as ExportHeader
  const whole = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0
  const ranges = header.partitions.every(
    ({ partition, from, to }) => whole(partition) && whole(from) && whole(to) && from <= to,
  )
  const chains = header.chains.every(
    ({ origin, count, head }) => typeof origin === 'string' && whole(count) && typeof head === 'string',
  )
  const records = header.partitions.reduce((sum, { from, to }) => sum + to - from, 0)
  if (
    !ranges ||
    !chains ||
    !whole(header.records) ||
    records !== header.records ||
    typeof header.headless !== 'boolean'
  )
    throw new Error('its header does not fit')
  return header
}
