/** A Kraken book by levels, for its checksum: the ten best of each side as the venue wrote them. */
import { crc32 } from 'node:zlib'
import { type Fields, fieldsOf, isDecimal } from '../feed/json.ts'
import { type CheckedBook, type CheckedChannel, digitsOf } from './live-checksums.ts'

const CHECKED_LEVELS = 10

/** Levels of a side, best first. */
type Side = { readonly px: string; readonly qty: string }[]

export function levelsChannel(depth: number): CheckedChannel {
  return { name: 'book', numbers: ['price', 'qty'], book: () => levelBook(depth) }
}

function levelBook(depth: number): CheckedBook {
  const bids: Side = []
  const asks: Side = []
  return {
    take(data, snapshot) {
      const changes = { bids: sideOf(data.bids), asks: sideOf(data.asks) }
      if (changes.bids === undefined || changes.asks === undefined) return undefined
      if (snapshot) bids.length = asks.length = 0
      apply(bids, changes.bids, 1, depth)
      apply(asks, changes.asks, -1, depth)
      return checksumOf(bids, asks) === data.checksum
    },
  }
}

function sideOf(levels: unknown): Side | undefined {
  if (!Array.isArray(levels)) return undefined
  const side = levels.map((level) => {
    const { price: px, qty } = fieldsOf(level) ?? ({} as Fields)
    return isDecimal(px) && isDecimal(qty) ? { px: px as string, qty: qty as string } : undefined
  })
  return side.every((level) => level !== undefined) ? side : undefined
}

/** Takes the whole message, then cuts to the subscribed depth, as the venue does. `sign` 1 for bids. */
function apply(side: Side, changes: Side, sign: 1 | -1, depth: number): void {
  for (const change of changes) {
    const px = Number(change.px)
    let at = 0
    while (at < side.length && sign * (Number(side[at]!.px) - px) > 0) at++
    const held = at < side.length && Number(side[at]!.px) === px
    if (Number(change.qty) === 0) {
      if (held) side.splice(at, 1)
    } else side.splice(at, held ? 1 : 0, change)
  }
  side.length = Math.min(side.length, depth)
}

function checksumOf(bids: Side, asks: Side): number {
  let text = ''
  for (const side of [asks, bids]) {
    for (const { px, qty } of side.slice(0, CHECKED_LEVELS)) text += digitsOf(px) + digitsOf(qty)
  }
  return crc32(text)
}
