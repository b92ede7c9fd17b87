/**
 * The layouts of "Nasdaq TotalView-ITCH 5.0", each kept by a message made by hand and broken by its twin.
 * Lengths, places and codes are written down here from the specification, not read from the decoder.
 */
import { describe, expect, it } from 'vitest'
import { itch } from './itch.ts'
import { poked, says } from './itch-hand.ts'

/** Of each type: section, the message, its length, and where its stock stands. */
const TYPES: readonly [type: string, what: string, message: Uint8Array, bytes: number, stock_at?: number][] = [
  ['S', '4.1 system event', itch.system(), 12],
  ['R', '4.2.1 stock directory', itch.directory(), 39, 11],
  ['H', '4.2.2 stock trading action', itch.action(), 25, 11],
  ['Y', '4.2.3 Reg SHO restriction', itch.regSho(), 20, 11],
  ['L', '4.2.4 market participant position', itch.participant(), 26, 15],
  ['V', '4.2.5.1 circuit breaker levels, three prices of eight bytes', itch.mwcbLevels(), 35],
  ['W', '4.2.5.2 circuit breaker status', itch.mwcbStatus(), 12],
  ['K', '4.2.6 IPO quoting period', itch.ipo(), 28, 11],
  ['J', '4.2.7 LULD auction collar', itch.collar(), 35, 11],
  ['h', '4.2.8 operational halt', itch.operational(), 21, 11],
  ['A', '4.3.1 add order', itch.add(), 36, 24],
  ['F', '4.3.2 add order with MPID', itch.addWithMpid(), 40, 24],
  ['E', '4.4.1 order executed', itch.executed(), 31],
  ['C', '4.4.2 order executed with price', itch.executedAt(), 36],
  ['X', '4.4.3 order cancel', itch.cancelled(), 23],
  ['D', '4.4.4 order delete', itch.deleted(), 19],
  ['U', '4.4.5 order replace', itch.replaced(), 35],
  ['P', '4.5.1 trade, not a cross', itch.trade(), 44, 24],
  ['Q', '4.5.2 cross trade', itch.cross(), 40, 19],
  ['B', '4.5.3 broken trade', itch.broken(), 19],
  ['I', '4.6 net order imbalance', itch.imbalance(), 50, 28],
  ['N', '4.7 retail price improvement', itch.retail(), 20, 11],
  ['O', '4.8 direct listing with capital raise', itch.directListing(), 48, 11],
]
/** What a message on order 1 needs before it. */
const ahead = (type: string) => ('ECXDU'.includes(type) ? [itch.directory(), itch.add()] : [itch.directory()])

describe('a message of type', () => {
  it('is one of twenty-three', () => {
    const known = new Set(TYPES.map(([type]) => type))
    expect(known.size).toBe(23)
    for (let byte = 0; byte < 256; byte++) {
      const type = String.fromCharCode(byte)
      const found = says([itch.directory(), Buffer.from(type.padEnd(19), 'latin1')])
      expect(found === 'FRAME_UNKNOWN').toBe(!known.has(type))
    }
    expect(says([Buffer.alloc(0)])).toBe('FRAME_MALFORMED')
  })

  it.each(TYPES)(
    '%s (%s) is read at its length, and refused a byte longer or shorter',
    (type, _what, message, bytes) => {
      expect(message.length).toBe(bytes)
      expect(says([...ahead(type), message])).toBeInstanceOf(Array)
      expect(says([...ahead(type), Buffer.concat([message, Buffer.of(0)])])).toBe('LENGTH_WRONG')
      expect(says([...ahead(type), message.subarray(0, bytes - 1)])).toBe('LENGTH_WRONG')
    },
  )

  it.each(TYPES.filter(([, , , , stock_at]) => stock_at !== undefined))(
    '%s (%s) names the stock that its locate code stands for, padded with spaces, and is refused for another',
    (type, _what, message, _bytes, stock_at) => {
      expect(says([...ahead(type), poked(message, stock_at as number, 'ACME    ')])).toBeInstanceOf(Array)
      expect(says([...ahead(type), poked(message, stock_at as number, 'ACMF    ')])).toBe('SYMBOL_MISMATCH')
    },
  )

  it.each([
    ['S', 'event code', itch.system(), 11, 'OSQMEC'],
    ['R', 'round lots only', itch.directory(), 25, 'YN'],
    ['R', 'authenticity', itch.directory(), 29, 'PT'],
    ['H', 'trading state', itch.action(), 19, 'HPQT'],
    ['Y', 'Reg SHO action', itch.regSho(), 19, '012'],
    ['L', 'primary market maker', itch.participant(), 23, 'YN'],
    ['L', 'market maker mode', itch.participant(), 24, 'NPSRL'],
    ['L', 'participant state', itch.participant(), 25, 'AEWSD'],
    ['W', 'breached level', itch.mwcbStatus(), 11, '123'],
    ['K', 'release qualifier', itch.ipo(), 23, 'AC'],
    ['h', 'market code', itch.operational(), 19, 'QBX'],
    ['h', 'halt action', itch.operational(), 20, 'HT'],
    ['A', 'side', itch.add(), 19, 'BS'],
    ['F', 'side', itch.addWithMpid(), 19, 'BS'],
    ['C', 'printable', itch.executedAt(), 31, 'YN'],
    ['P', 'side', itch.trade(), 19, 'BS'],
    ['Q', 'cross type', itch.cross(), 39, 'OCHI'],
    ['I', 'imbalance direction', itch.imbalance(), 27, 'BSNOP'],
    ['I', 'cross type', itch.imbalance(), 48, 'OCHA'],
    ['N', 'interest flag', itch.retail(), 19, 'BSAN'],
    ['O', 'open eligibility', itch.directListing(), 19, 'YN'],
  ] as const)('%s has a %s of those listed, and no other', (type, _field, message, at, codes) => {
    for (let byte = 0; byte < 256; byte++) {
      const code = String.fromCharCode(byte)
      const found = says([...ahead(type), poked(message, at, code)])
      expect(found === 'FRAME_MALFORMED').toBe(!codes.includes(code))
    }
  })
})
