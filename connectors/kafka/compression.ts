import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { compressFrameSync, decompressFrameSync } from 'lz4-napi'
import * as snappy from 'snappy'
import { AppError } from '../../runtime/api/index.ts'

/**
 * The codecs of record batches, by the number in a batch's attributes.
 *
 * gzip and zstd are Node's own zlib; lz4 is the frame format; snappy is written bare, as librdkafka does, and read in
 * both forms (Java writes its own framing). An unknown codec or bytes that do not unpack are `DATA_DAMAGED`.
 */

export const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Compression = (typeof COMPRESSIONS)[number]

/** Greatest size of an unpacked batch: brokers take batches of tens of megabytes at most, so more is an attack. */
const MAX_UNPACKED_BYTES = 512 * 1024 * 1024

/** Fast levels: the broker's disk is not what a desk waits for. */
const ZSTD_LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

export function compress(codec: Compression, bytes: Buffer): Buffer {
  if (codec === 'gzip') return gzipSync(bytes, { level: 1 })
  if (codec === 'snappy') return snappy.compressSync(bytes)
  if (codec === 'lz4') return compressFrameSync(bytes)
  if (codec === 'zstd') return zstdCompressSync(bytes, ZSTD_LEVEL)
  return bytes
}

/** `attributes`: of the batch; its three lowest bits name the codec. */
export function decompress(attributes: number, bytes: Buffer): Buffer {
  const codec = COMPRESSIONS[attributes & 7]
  if (codec === 'none') return bytes
  try {
    if (codec === 'gzip') return gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES })
    if (codec === 'snappy') return unsnap(bytes)
    if (codec === 'lz4') return decompressFrameSync(bytes)
    if (codec === 'zstd') return zstdDecompressSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES })
  } catch (cause) {
    throw damaged(`its ${codec} bytes do not unpack`, cause)
  }
  throw damaged(`codec ${attributes & 7} is not known`)
}

/** Java's stream begins with this, then two version numbers, then chunks of `u32 length, bare snappy`. */
const JAVA_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const JAVA_HEADER_BYTES = 16

function unsnap(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, JAVA_MAGIC.length).equals(JAVA_MAGIC)) return snappy.uncompressSync(bytes) as Buffer
  const chunks: Buffer[] = []
  for (let pos = JAVA_HEADER_BYTES; pos < bytes.length; ) {
    const end = pos + 4 + bytes.readUInt32BE(pos)
    if (end > bytes.length) throw new RangeError('a chunk is cut off')
    chunks.push(snappy.uncompressSync(bytes.subarray(pos + 4, end)) as Buffer)
    pos = end
  }
  return Buffer.concat(chunks)
}

function damaged(detail: string, cause?: unknown): AppError {
  return new AppError('DATA_DAMAGED', `unpacking a record batch: ${detail}`, { exit_code: 3, cause })
}
