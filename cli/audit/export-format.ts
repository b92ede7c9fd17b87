import { createHash } from 'node:crypto'

/**
 * An exported trail, as a file that can be checked anywhere without the directory it came from.
 *
 * `magic, u32 version, u32 header length, header (JSON), seal`, then per audit event `u32 length, content, seal` with
 * content `u32 partition, u64 offset, u16 id length, id, Avro body`, then `u32 0xffffffff, u64 records, head, seal`;
 * numbers little-endian. Each seal is SHA-256 over the seal before it and all bytes since, so every byte is covered and
 * no record can be changed, dropped, inserted or moved without its place showing.
 */
export const MAGIC = Buffer.from('AITAUDIT', 'latin1')
export const VERSION = 1
export const SEAL_BYTES = 32
export const END = 0xffffffff

/** Bounds on what a length field may ask for: hostile bytes must not make memory of it. */
export const MAX_HEADER_BYTES = 16 * 1024 * 1024
export const MAX_RECORD_BYTES = 64 * 1024 * 1024
export const MIN_RECORD_BYTES = 14

/** What is known of the trail before its first record. */
export interface ExportHeader {
  readonly topology: string
  readonly topic: string
  /** What made the trail's first event. */
  readonly manifest: unknown
  readonly records: number
  /** Offsets `[from, to)` of the trail's partitions, in the order of the file. */
  readonly partitions: readonly { readonly partition: number; readonly from: number; readonly to: number }[]
  /** Retention dropped the beginning of the chains. */
  readonly headless: boolean
  readonly chains: readonly { readonly origin: string; readonly count: number; readonly head: string }[]
}

export interface ExportRecord {
  readonly partition: number
  readonly offset: number
  readonly id: string
  readonly body: Uint8Array
}

/** The seals of a file, one after another. */
export class Seals {
  private last: Uint8Array = new Uint8Array(0)

  /** The seal over `bytes` and all before them. */
  next(...bytes: readonly Uint8Array[]): Buffer {
    const hash = createHash('sha256').update(this.last)
    for (const part of bytes) hash.update(part)
    const seal = hash.digest()
    this.last = seal
    return seal
  }
}

export function encodeHead(header: ExportHeader): Buffer {
  const json = Buffer.from(JSON.stringify(header), 'utf8')
  const head = Buffer.alloc(MAGIC.length + 8)
  MAGIC.copy(head)
  head.writeUInt32LE(VERSION, MAGIC.length)
  head.writeUInt32LE(json.length, MAGIC.length + 4)
  return Buffer.concat([head, json])
}

/** A record with its length in front. */
export function encodeRecord({ partition, offset, id, body }: ExportRecord): Buffer {
  const name = Buffer.from(id, 'utf8')
  const out = Buffer.allocUnsafe(4 + MIN_RECORD_BYTES + name.length + body.length)
  let at = out.writeUInt32LE(out.length - 4, 0)
  at = out.writeUInt32LE(partition, at)
  at = out.writeBigUInt64LE(BigInt(offset), at)
  at = out.writeUInt16LE(name.length, at)
  out.set(name, at)
  out.set(body, at + name.length)
  return out
}

/** The content of a record (without its length); undefined if its lengths do not fit together. */
export function decodeRecord(content: Buffer): ExportRecord | undefined {
  const body_start = MIN_RECORD_BYTES + content.readUInt16LE(12)
  if (body_start > content.length) return undefined
  const id = content.toString('utf8', MIN_RECORD_BYTES, body_start)
  const offset = Number(content.readBigUInt64LE(4))
  return { partition: content.readUInt32LE(0), offset, id, body: content.subarray(body_start) }
}

export function encodeTrailer(records: number, head: string): Buffer {
  const out = Buffer.alloc(12)
  out.writeUInt32LE(END, 0)
  out.writeBigUInt64LE(BigInt(records), 4)
  return Buffer.concat([out, Buffer.from(head, 'hex')])
}
