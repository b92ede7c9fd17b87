/**
 * Trades or quotes of the US consolidated tape, one file per symbol and day, as `YYYYMMDD_symbol_Trade_Tick.csv` and
 * `YYYYMMDD_symbol_Quote_Tick.csv`, each in an archive of its own or by itself.
 *
 * Lines begin with milliseconds since midnight in New York; symbol, day and kind stand in the name alone. Two files of a
 * day are merged by giving both.
 */
import { AppError } from '../../runtime/api/index.ts'
import { easternMidnight } from '../replay/eastern-time.ts'
import type { FrameLine, LineKind, PieceReading, ReplayFormat } from '../replay/format.ts'

const COMMA = 0x2c
const ZERO = 0x30
const DAY_MS = 86_400_000

const NAME = /^(?:.*\/)?(\d{4})(\d\d)(\d\d)_([A-Za-z0-9.-]{1,16})_(trade|quote)_tick\.csv$/i

function reading(name: string): PieceReading {
  const [, year, month, day, symbol = '', kind = ''] = NAME.exec(name) ?? []
  const midnight_us = easternMidnight(Number(year), Number(month), Number(day))
  if (midnight_us === undefined) {
    throw new AppError('NOT_A_CAPTURE', `the name ${name} does not say which symbol, day and kind it holds`, {
      exit_code: 2,
      hint: 'a file of the tape is named like 20131007_ibm_Trade_Tick.csv',
    })
  }
  const channel = `taq-${kind.toLowerCase()}`
  return {
    line(buf: Buffer, start: number, end: number, out: FrameLine): LineKind {
      out.symbol = symbol.toUpperCase()
      out.channel = channel
      let ms = 0
      let at = start
      for (; at < end; at++) {
        const digit = (buf[at] as number) - ZERO
        if (digit < 0 || digit > 9) break
        ms = ms * 10 + digit
        if (ms >= DAY_MS) return 'damaged'
      }
      if (at === start || at === end || buf[at] !== COMMA) return 'damaged'
      out.receive_time_us = midnight_us + ms * 1_000
      out.receive_time_ns_rest = 0
      out.payload_start = start
      out.payload_end = end
      return 'frame'
    },
  }
}

export const taqCapture: ReplayFormat = {
  venue: 'SIP',
  example: '34200070,1820000,100,D,1,0',
  reading,
  line: () => 'damaged',
}
