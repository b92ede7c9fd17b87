import { AppError, Arena, assert, type Batch } from '../../runtime/api/index.ts'
import { VarintReader } from '../../runtime/api/log.ts'
import { COMPRESSIONS, type Compression, compress } from './compression.ts'
import { HEADER_BYTES, putHeader } from './record-batch.ts'

/**
 * Encodes our batches as Kafka's record batches, without an object per record.
 *
 * A record: key; value `0x00, u32 schema id, Avro body`; headers `id` (`stage/task:seq`), `time` (stream time in
 * microseconds) and, if it has causes, `causes` (`a/0:12,b/1:3`), decimal numbers in text; timestamp `floor(time / 1000)`
 * milliseconds. Several batches of one partition become one, cut where it would exceed its size. A record that alone
 * exceeds what the topic takes is `RECORD_TOO_LARGE` (exit 2).
 */

export interface EncodedBatch {
  /** The whole record batch; its writer and checksum are open until `sealBatch`. */
  readonly bytes: Buffer
  readonly records: number
}

export interface BatchLimits {
  /** A batch is closed before it exceeds this. */
  readonly target_bytes: number
  /** The topic's `max.message.bytes`, of a packed batch. */
  readonly max_bytes: number
  readonly compression: Compression
}

interface Cut {
  readonly start: number
  readonly end: number
  readonly records: number
  readonly base_timestamp: number
  readonly max_timestamp: number
}

/** `len, "id", len`: the header keys with their length as varints stand in every record. */
const ID = Buffer.from('\x04id', 'latin1')
const TIME = Buffer.from('\x08time', 'latin1')
const CAUSES = Buffer.from('\x0ccauses', 'latin1')
const COLON = 58
const COMMA = 44
const FRAME_BYTES = 5
/** Of a record besides key, body, ids and times: lengths, deltas, frame, header keys. */
const MAX_OVERHEAD_BYTES = 96

/**
 * `batches`: all of one topic and partition, in order. What is answered lies in `arena`, unless a codec packed it; make
 * it large enough by `encodedBytes`, since growing copies.
 */
export function encodeRecords(
  batches: readonly Batch[],
  limits: BatchLimits,
  arena = new Arena(encodedBytes(batches)),
): EncodedBatch[] {
  const heads = new VarintReader()
  const cause_at: number[] = []
  const cause_seq: number[] = []
  const seqs: number[] = []
  const cuts: Cut[] = []
  let start = 0
  let records = 0
  let base_timestamp = 0
  let max_timestamp = 0
  arena.pos = HEADER_BYTES
  const cut = () => {
    cuts.push({ start, end: arena.pos, records, base_timestamp, max_timestamp })
    start = arena.pos
    records = 0
    arena.ensure(HEADER_BYTES)
    arena.pos += HEADER_BYTES
  }

  for (const batch of batches) {
    const bodies = Buffer.from(batch.bodies.buffer, batch.bodies.byteOffset, batch.bodies.byteLength)
    const producers = batch.producers.map(nameBytes)
    heads.open(batch.heads)
    seqs.length = 0
    for (let i = 0; i < producers.length; i++) seqs.push(0)
    let time_us = 0
    let body_pos = 0
    for (let left = batch.records; left > 0; left--) {
      // The head: producer, sequence, time, causes.
      const at = heads.unsigned()
      const seq = (seqs[at] as number) + heads.signed()
      seqs[at] = seq
      time_us += heads.signed()
      const causes = heads.unsigned()
      let causes_bytes = 0
      for (let i = 0; i < causes; i++) {
        const by = heads.unsigned()
        const number = (seqs[by] as number) + heads.signed()
        seqs[by] = number
        cause_at[i] = by
        cause_seq[i] = number
        causes_bytes += (producers[by] as Buffer).length + 2 + digits(number)
      }
      if (causes > 0) causes_bytes--

      const key_bytes = readLength(bodies, body_pos)
      const key_start = body_pos + 4
      const body_bytes = readLength(bodies, key_start + key_bytes)
      const body_start = key_start + key_bytes + 4
      body_pos = body_start + body_bytes

      const timestamp = Math.floor(time_us / 1_000)
      const producer = producers[at] as Buffer
      const seq_digits = digits(seq)
      const time_digits = digits(time_us)
      const id_bytes = producer.length + 1 + seq_digits
      for (;;) {
        const delta = records === 0 ? 0 : timestamp - base_timestamp
        let size =
          1 + // Attributes.
          longSize(delta) +
          intSize(records) +
          intSize(key_bytes) +
          key_bytes +
          intSize(FRAME_BYTES + body_bytes) +
          FRAME_BYTES +
          body_bytes +
          1 + // Number of headers.
          ID.length +
          intSize(id_bytes) +
          id_bytes +
          TIME.length +
          1 +
          time_digits
        if (causes > 0) size += CAUSES.length + intSize(causes_bytes) + causes_bytes
        const whole = size + intSize(size)
        if (records > 0 && arena.pos - start + whole > limits.target_bytes) {
          cut()
          continue
        }
        if (limits.compression === 'none' && HEADER_BYTES + whole > limits.max_bytes)
          throw tooLarge(batch, whole, limits)
        arena.ensure(whole + MAX_OVERHEAD_BYTES)
        const buf = arena.buf
        let pos = putInt(buf, arena.pos, size)
        buf[pos++] = 0
        pos = putLong(buf, pos, delta)
        pos = putInt(buf, pos, records)
        pos = putInt(buf, pos, key_bytes)
        pos = put(buf, pos, bodies, key_start, key_start + key_bytes)
        pos = putInt(buf, pos, FRAME_BYTES + body_bytes)
        buf[pos++] = 0
        buf[pos++] = batch.schema_id >>> 24
        buf[pos++] = (batch.schema_id >>> 16) & 255
        buf[pos++] = (batch.schema_id >>> 8) & 255
        buf[pos++] = batch.schema_id & 255
        pos = put(buf, pos, bodies, body_start, body_pos)
        buf[pos++] = causes > 0 ? 6 : 4
        pos = put(buf, pos, ID, 0, ID.length)
        pos = putInt(buf, pos, id_bytes)
        pos = put(buf, pos, producer, 0, producer.length)
        buf[pos++] = COLON
        pos = putDecimal(buf, pos, seq, seq_digits)
        pos = put(buf, pos, TIME, 0, TIME.length)
        buf[pos++] = time_digits << 1
        pos = putDecimal(buf, pos, time_us, time_digits)
        if (causes > 0) {
          pos = put(buf, pos, CAUSES, 0, CAUSES.length)
          pos = putInt(buf, pos, causes_bytes)
          for (let i = 0; i < causes; i++) {
            if (i > 0) buf[pos++] = COMMA
            const name = producers[cause_at[i] as number] as Buffer
            pos = put(buf, pos, name, 0, name.length)
            buf[pos++] = COLON
            const number = cause_seq[i] as number
            pos = putDecimal(buf, pos, number, digits(number))
          }
        }
        assert(pos === arena.pos + whole, 'a record took another size than was counted')
        arena.pos = pos
        break
      }
      if (records === 0) {
        base_timestamp = timestamp
        max_timestamp = timestamp
      } else if (timestamp > max_timestamp) max_timestamp = timestamp
      records++
    }
    assert(body_pos === bodies.length && heads.ended, 'a batch holds other records than it claims')
  }
  if (records > 0) cut()
  return cuts.map((one) => finish(arena.buf, one, batches[0] as Batch, limits))
}

function finish(buf: Buffer, { start, end, ...extent }: Cut, batch: Batch, limits: BatchLimits): EncodedBatch {
  const codec = COMPRESSIONS.indexOf(limits.compression)
  let bytes = buf.subarray(start, end)
  if (codec !== 0) {
    const packed = compress(limits.compression, bytes.subarray(HEADER_BYTES))
    bytes = Buffer.allocUnsafeSlow(HEADER_BYTES + packed.length)
    bytes.set(packed, HEADER_BYTES)
    if (bytes.length > limits.max_bytes) throw tooLarge(batch, bytes.length, limits)
  }
  putHeader(bytes, { ...extent, codec })
  return { bytes, records: extent.records }
}

/** Bytes that batches take about: few causes more than most records have. */
export function encodedBytes(batches: readonly Batch[]): number {
  let bytes = HEADER_BYTES
  for (const batch of batches) bytes += batch.bodies.length + batch.records * MAX_OVERHEAD_BYTES
  return bytes + 2 * MAX_OVERHEAD_BYTES
}

function tooLarge({ topic, partition }: Batch, bytes: number, { max_bytes }: BatchLimits): AppError {
  return new AppError(
    'RECORD_TOO_LARGE',
    `a record of ${bytes} bytes does not fit into ${topic}/${partition}, which takes ${max_bytes} bytes`,
    { exit_code: 2, hint: `raise max.message.bytes of ${topic}, or make the record smaller` },
  )
}

/** Batches name the same few producers again and again: their bytes are kept. */
const names = new Map<string, Buffer>()
const MAX_NAMES = 10_000

function nameBytes(producer: string): Buffer {
  let bytes = names.get(producer)
  if (bytes === undefined) {
    assert(!producer.includes(','), `producer ${producer} holds a comma, which parts causes`)
    if (names.size >= MAX_NAMES) names.clear()
    bytes = Buffer.from(producer, 'utf8')
    names.set(producer, bytes)
  }
  return bytes
}

function readLength(bytes: Buffer, pos: number): number {
  return (
    ((bytes[pos] as number) |
      ((bytes[pos + 1] as number) << 8) |
      ((bytes[pos + 2] as number) << 16) |
      ((bytes[pos + 3] as number) << 24)) >>>
    0
  )
}

/** Copies `from[start..end)`; short runs by hand, since the call costs more than they do. */
function put(buf: Buffer, pos: number, from: Buffer, start: number, end: number): number {
  const size = end - start
  if (size > 48) from.copy(buf, pos, start, end)
  else for (let i = 0; i < size; i++) buf[pos + i] = from[start + i] as number
  return pos + size
}

/** Size of `n` >= 0 as a zigzag varint. */
function intSize(n: number): number {
  return n < 64 ? 1 : n < 8_192 ? 2 : n < 1_048_576 ? 3 : n < 134_217_728 ? 4 : 5
}

function putInt(buf: Buffer, start: number, n: number): number {
  let pos = start
  let rest = (n << 1) >>> 0
  while (rest > 127) {
    buf[pos++] = (rest & 127) | 128
    rest >>>= 7
  }
  buf[pos++] = rest
  return pos
}

/** As zigzag; exact, since times in milliseconds stay far below 2^52. */
function zigzag(n: number): number {
  return n < 0 ? -2 * n - 1 : 2 * n
}

function longSize(n: number): number {
  let size = 1
  for (let rest = zigzag(n); rest > 127; rest = Math.floor(rest / 128)) size++
  return size
}

function putLong(buf: Buffer, start: number, n: number): number {
  let pos = start
  let rest = zigzag(n)
  while (rest > 127) {
    buf[pos++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  buf[pos++] = rest
  return pos
}

const POWERS = Array.from({ length: 16 }, (_, i) => 10 ** i)

/** Decimal digits of a safe integer >= 0. */
function digits(n: number): number {
  let count = n < 1e8 ? 1 : 9
  while (count < 16 && n >= (POWERS[count] as number)) count++
  return count
}

function putDecimal(buf: Buffer, start: number, n: number, count: number): number {
  const end = start + count
  let pos = end
  let rest = n
  // The low digits in 32-bit numbers: division of doubles is several times slower.
  if (count > 8) {
    const high = Math.floor(n / 1e8)
    let low = (n - high * 1e8) | 0
    for (let i = 0; i < 8; i++) {
      const tenth = (low / 10) | 0
      buf[--pos] = 48 + low - tenth * 10
      low = tenth
    }
    rest = high
  }
  let small = rest | 0
  while (pos > start) {
    const tenth = (small / 10) | 0
    buf[--pos] = 48 + small - tenth * 10
    small = tenth
  }
  return end
}
