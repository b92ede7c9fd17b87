/** CRC-32 (ISO-HDLC, the one of zip and PNG) of a text of ASCII characters, as venues compute it over their books. */

const POLYNOMIAL = 0xedb88320

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  return crc
})

/** An unsigned 32-bit number. */
export function crc32(text: string): number {
  let crc = -1
  for (let i = 0; i < text.length; i++) crc = (crc >>> 8) ^ (TABLE[(crc ^ text.charCodeAt(i)) & 255] as number)
  return (crc ^ -1) >>> 0
}
