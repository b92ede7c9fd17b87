/** ITCH 5.0 messages made by hand, field by field as the specification lists them. */

type Part = readonly [kind: 'u8' | 'u16' | 'u32' | 'u48' | 'u64' | string, value: number | bigint | string]

/** Bytes of the parts in order; `aN` is text padded to N. */
export function bytesOf(...parts: readonly Part[]): Buffer {
  return Buffer.concat(
    parts.map(([kind, value]) => {
      if (kind.startsWith('a')) return Buffer.from(String(value).padEnd(Number(kind.slice(1))), 'latin1')
      const size = Number(kind.slice(1)) / 8
      const buf = Buffer.alloc(size)
      if (size === 8) buf.writeBigUInt64BE(BigInt(value))
      else buf.writeUIntBE(Number(value), 0, size)
      return buf
    }),
  )
}

/** 09:30:00.000000123. */
export const OPEN_NS = 34_200_000_000_123

const head = (type: string, locate = 7, ns = OPEN_NS): Part[] => [
  ['a1', type],
  ['u16', locate],
  ['u16', 0],
  ['u48', ns],
]
const STOCK: Part = ['a8', 'ACME']

/** One well-formed message of each type; orders are reference 1 of 100 shares at 10.0000 unless told otherwise. */
export const itch = {
  system: (code = 'Q') => bytesOf(...head('S', 0), ['a1', code]),
  directory: (stock = 'ACME', locate = 7) =>
    bytesOf(
      ...head('R', locate),
      ['a8', stock],
      ['a1', 'Q'],
      ['a1', 'N'],
      ['u32', 100],
      ['a1', 'N'],
      ['a1', 'C'],
      ['a2', 'Z'],
      ['a1', 'P'],
      ['a1', 'N'],
      ['a1', 'N'],
      ['a1', '1'],
      ['a1', 'N'],
      ['u32', 0],
      ['a1', 'N'],
    ),
  action: (state = 'T', reason = '') => bytesOf(...head('H'), STOCK, ['a1', state], ['a1', ' '], ['a4', reason]),
  regSho: () => bytesOf(...head('Y'), STOCK, ['a1', '0']),
  participant: () => bytesOf(...head('L'), ['a4', 'GSCO'], STOCK, ['a1', 'Y'], ['a1', 'N'], ['a1', 'A']),
  mwcbLevels: () => bytesOf(...head('V', 0), ['u64', 100n], ['u64', 90n], ['u64', 80n]),
  mwcbStatus: (level = '1') => bytesOf(...head('W', 0), ['a1', level]),
  ipo: (qualifier = 'A') => bytesOf(...head('K'), STOCK, ['u32', 34_200], ['a1', qualifier], ['u32', 100_000]),
  collar: () => bytesOf(...head('J'), STOCK, ['u32', 1], ['u32', 2], ['u32', 3], ['u32', 4]),
  operational: (action = 'H', market = 'Q') => bytesOf(...head('h'), STOCK, ['a1', market], ['a1', action]),
  add: (ref: number | bigint = 1, side = 'B', qty = 100, px = 100_000) =>
    bytesOf(...head('A'), ['u64', ref], ['a1', side], ['u32', qty], STOCK, ['u32', px]),
  addWithMpid: (ref = 1) =>
    bytesOf(...head('F'), ['u64', ref], ['a1', 'S'], ['u32', 100], STOCK, ['u32', 100_000], ['a4', 'GSCO']),
  executed: (ref: number | bigint = 1, qty = 40, match = 9) =>
    bytesOf(...head('E'), ['u64', ref], ['u32', qty], ['u64', match]),
  executedAt: (ref: number | bigint = 1, qty = 40, printable = 'Y', px = 99_900) =>
    bytesOf(...head('C'), ['u64', ref], ['u32', qty], ['u64', 9], ['a1', printable], ['u32', px]),
  cancelled: (ref: number | bigint = 1, qty = 40) => bytesOf(...head('X'), ['u64', ref], ['u32', qty]),
  deleted: (ref: number | bigint = 1) => bytesOf(...head('D'), ['u64', ref]),
  replaced: (ref: number | bigint = 1, to = 2, qty = 50, px = 99_800) =>
    bytesOf(...head('U'), ['u64', ref], ['u64', to], ['u32', qty], ['u32', px]),
  trade: (qty = 30, px = 100_100) =>
    bytesOf(...head('P'), ['u64', 0], ['a1', 'B'], ['u32', qty], STOCK, ['u32', px], ['u64', 11]),
  cross: (qty = 5_000, kind = 'O') =>
    bytesOf(...head('Q'), ['u64', qty], STOCK, ['u32', 100_200], ['u64', 12], ['a1', kind]),
  broken: () => bytesOf(...head('B'), ['u64', 9]),
  imbalance: () =>
    bytesOf(
      ...head('I'),
      ['u64', 1],
      ['u64', 2],
      ['a1', 'B'],
      STOCK,
      ['u32', 1],
      ['u32', 2],
      ['u32', 3],
      ['a1', 'O'],
      ['a1', 'L'],
    ),
  retail: () => bytesOf(...head('N'), STOCK, ['a1', 'B']),
  directListing: () =>
    bytesOf(...head('O'), STOCK, ['a1', 'Y'], ['u32', 1], ['u32', 2], ['u32', 3], ['u64', 4], ['u32', 5], ['u32', 6]),
}
