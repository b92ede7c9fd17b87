// Made by `aitrader generate` from schemas/control.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'
import { type TradingState, writeTradingState, TradingStateValues } from './named-types.ts'

/** An operator's order to the system. */
export interface Control {
  /** What it holds for: `firm`, `account:ID`, `strategy:NAME` or `symbol:SYMBOL`; the record key. */
  readonly scope: string
  /** New trading state of the scope; null leaves it. */
  readonly trading_state: TradingState | null
  /** Cancel every open order of the scope at once (RTS 6 Art. 12). */
  readonly cancel_open: boolean
  /** Who ordered it, a pseudonymous id. */
  readonly actor: string
  /** Why, in the actor's words. */
  readonly reason: string
}

export const Control: RecordType<Control> = {
  name: 'Control',
  schema: "{\"type\":\"record\",\"name\":\"Control\",\"namespace\":\"aitrader\",\"doc\":\"An operator's order to the system.\",\"fields\":[{\"name\":\"scope\",\"type\":\"string\",\"doc\":\"What it holds for: `firm`, `account:ID`, `strategy:NAME` or `symbol:SYMBOL`; the record key.\"},{\"name\":\"trading_state\",\"type\":[\"null\",{\"type\":\"enum\",\"name\":\"TradingState\",\"symbols\":[\"ACTIVE\",\"REDUCING\",\"HALTED\"],\"doc\":\"ACTIVE: all orders. REDUCING: only orders that reduce a position. HALTED: none.\"}],\"doc\":\"New trading state of the scope; null leaves it.\",\"default\":null},{\"name\":\"cancel_open\",\"type\":\"boolean\",\"doc\":\"Cancel every open order of the scope at once (RTS 6 Art. 12).\"},{\"name\":\"actor\",\"type\":\"string\",\"doc\":\"Who ordered it, a pseudonymous id.\"},{\"name\":\"reason\",\"type\":\"string\",\"doc\":\"Why, in the actor's words.\"}]}",
  fingerprint: '228bb951f192ca344af7e4807cbcf2cadaeae214c4ae0d37a286891bb3f74a65',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundControl(value))
      arena.pos = writeControl(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(Control, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readControl()
    r.closeBody()
    return value
  },
}

function boundControl(value: Control): number {
  let size = 3
  size += w.stringBound(value.scope)
  size += w.stringBound(value.actor)
  size += w.stringBound(value.reason)
  return size
}
function writeControl(buf: Buffer, pos: number, value: Control): number {
  let at = pos
  at = w.putString(buf, at, value.scope)
  if (value.trading_state === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = writeTradingState(buf, at, value.trading_state)
  }
  at = w.putBoolean(buf, at, value.cancel_open)
  at = w.putString(buf, at, value.actor)
  at = w.putString(buf, at, value.reason)
  return at
}
function readControl(): Control {
  return {
    scope: r.readString(),
    trading_state: r.readPresent() ? r.readEnum(TradingStateValues) : null,
    cancel_open: r.readBoolean(),
    actor: r.readString(),
    reason: r.readString(),
  }
}
