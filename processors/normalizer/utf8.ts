/**
 * UTF-8 to text in plain JavaScript: a processor has no TextDecoder. Only the JSON path needs it.
 */
const CHUNK = 8_192

/** The text of `bytes`, `undefined` where they are not UTF-8 (over-long forms and surrogates included). */
export function utf8Text(bytes: Uint8Array): string | undefined {
  const units = new Array<number>(Math.min(CHUNK, bytes.length))
  let text = ''
  let count = 0
  for (let at = 0; at < bytes.length; ) {
    if (count >= CHUNK - 1) {
      units.length = count
      text += String.fromCharCode.apply(undefined, units)
      count = 0
    }
    const lead = bytes[at++] as number
    if (lead < 0x80) {
      units[count++] = lead
      continue
    }
    const more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1
    if (lead < 0xc2 || lead > 0xf4 || at + more > bytes.length) return undefined
    let point = lead & (0x3f >> more)
    for (let i = 0; i < more; i++) {
      const next = bytes[at++] as number
      if ((next & 0xc0) !== 0x80) return undefined
      point = (point << 6) | (next & 0x3f)
    }
    const least = more === 3 ? 0x10000 : more === 2 ? 0x800 : 0x80
    if (point < least || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return undefined
    if (point < 0x10000) units[count++] = point
    else {
      units[count++] = 0xd800 + ((point - 0x10000) >> 10)
      units[count++] = 0xdc00 + ((point - 0x10000) & 0x3ff)
    }
  }
  units.length = count
  return text + String.fromCharCode.apply(undefined, units)
}
