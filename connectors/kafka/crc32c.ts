/**
 * CRC-32C (Castagnoli), the checksum of Kafka's record batches; Node's zlib has only the other polynomial.
 *
 * Sixteen bytes a step through sixteen tables, taken as four aligned words: about 2 GB/s, where a byte a step makes a
 * fifth of it. On a big-endian machine words would be read the wrong way round, so bytes are taken one by one there.
 */

const POLYNOMIAL = 0x82f63b78
/** Table k, at `256 k`, advances a byte over k further zero bytes. */
const TABLES = tables()
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** Checksum of `bytes[start..end)` as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const t = TABLES
  let crc = -1
  let pos = start
  if (LITTLE_ENDIAN && end - pos >= 32) {
    while (((bytes.byteOffset + pos) & 3) !== 0) crc = (crc >>> 8) ^ at(t, (crc ^ (bytes[pos++] as number)) & 255)
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + pos, ((end - pos) >>> 4) << 2)
    for (let i = 0; i < words.length; i += 4) {
      const a = crc ^ at(words, i)
      const b = at(words, i + 1)
      const c = at(words, i + 2)
      const d = at(words, i + 3)
      crc =
        at(t, 3840 + (a & 255)) ^
        at(t, 3584 + ((a >>> 8) & 255)) ^
        at(t, 3328 + ((a >>> 16) & 255)) ^
        at(t, 3072 + (a >>> 24)) ^
        at(t, 2816 + (b & 255)) ^
        at(t, 2560 + ((b >>> 8) & 255)) ^
        at(t, 2304 + ((b >>> 16) & 255)) ^
        at(t, 2048 + (b >>> 24)) ^
        at(t, 1792 + (c & 255)) ^
        at(t, 1536 + ((c >>> 8) & 255)) ^
        at(t, 1280 + ((c >>> 16) & 255)) ^
        at(t, 1024 + (c >>> 24)) ^
        at(t, 768 + (d & 255)) ^
        at(t, 512 + ((d >>> 8) & 255)) ^
        at(t, 256 + ((d >>> 16) & 255)) ^
        at(t, d >>> 24)
    }
    pos += words.length * 4
  }
  while (pos < end) crc = (crc >>> 8) ^ at(t, (crc ^ (bytes[pos++] as number)) & 255)
  return ~crc >>> 0
}

function at(words: Int32Array, i: number): number {
  return words[i] as number
}

function tables(): Int32Array {
  const made = new Int32Array(16 * 256)
  for (let i = 0; i < 256; i++) {
    let crc = i
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    made[i] = crc
  }
  for (let i = 256; i < made.length; i++) {
    const before = at(made, i - 256)
    made[i] = (before >>> 8) ^ at(made, before & 255)
  }
  return made
}
