// Made by `aitrader generate` from schemas/*.avsc; changes here are overwritten.
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'

/** RUN: the head of a chain: build id and hashes of code, configuration, schemas and models. RECORD: one record in full. SEAL: a range by its hash. */
export type AuditKind = 'RUN' | 'RECORD' | 'SEAL'
/** The symbols of `AuditKind` in schema order. */
export const AuditKindValues = ['RUN', 'RECORD', 'SEAL'] as const
function indexOfAuditKind(value: AuditKind): number {
  switch (value) {
    case 'RUN':
      return 0
    case 'RECORD':
      return 1
    case 'SEAL':
      return 2
    default:
      return -1
  }
}
export function writeAuditKind(buf: Buffer, pos: number, value: AuditKind): number {
  return w.putEnum(buf, pos, indexOfAuditKind(value))
}

/** TRADES: made here from trades. VENUE: as the venue sent it. */
export type BarOrigin = 'TRADES' | 'VENUE'
/** The symbols of `BarOrigin` in schema order. */
export const BarOriginValues = ['TRADES', 'VENUE'] as const
function indexOfBarOrigin(value: BarOrigin): number {
  switch (value) {
    case 'TRADES':
      return 0
    case 'VENUE':
      return 1
    default:
      return -1
  }
}
export function writeBarOrigin(buf: Buffer, pos: number, value: BarOrigin): number {
  return w.putEnum(buf, pos, indexOfBarOrigin(value))
}

/** LIVE: continuous and intact. SNAPSHOT: waiting for or just rebuilt from a snapshot, not yet continuous. GAP: an update is missing. STALE: silent for too long. CROSSED: bid at or above ask. CHECKSUM_BAD: the venue's checksum differs. CONFLATED: right when it was sent, but the venue leaves states out between two of them. */
export type BookQuality = 'LIVE' | 'SNAPSHOT' | 'GAP' | 'STALE' | 'CROSSED' | 'CHECKSUM_BAD' | 'CONFLATED'
/** The symbols of `BookQuality` in schema order. */
export const BookQualityValues = ['LIVE', 'SNAPSHOT', 'GAP', 'STALE', 'CROSSED', 'CHECKSUM_BAD', 'CONFLATED'] as const
function indexOfBookQuality(value: BookQuality): number {
  switch (value) {
    case 'LIVE':
      return 0
    case 'SNAPSHOT':
      return 1
    case 'GAP':
      return 2
    case 'STALE':
      return 3
    case 'CROSSED':
      return 4
    case 'CHECKSUM_BAD':
      return 5
    case 'CONFLATED':
      return 6
    default:
      return -1
  }
}
export function writeBookQuality(buf: Buffer, pos: number, value: BookQuality): number {
  return w.putEnum(buf, pos, indexOfBookQuality(value))
}

/** One price level. */
export interface Level {
  /** Price, integer in price_scale. */
  readonly px: number
  /** Quantity at the price, integer in qty_scale; in a depth change 0 deletes the level. */
  readonly qty: number
}
export function writeLevel(buf: Buffer, pos: number, value: Level): number {
  let at = pos
  at = w.putLong(buf, at, value.px)
  at = w.putLong(buf, at, value.qty)
  return at
}
export function readLevel(): Level {
  return {
    px: r.readLong(),
    qty: r.readLong(),
  }
}

/** ACTIVE: all orders. REDUCING: only orders that reduce a position. HALTED: none. */
export type TradingState = 'ACTIVE' | 'REDUCING' | 'HALTED'
/** The symbols of `TradingState` in schema order. */
export const TradingStateValues = ['ACTIVE', 'REDUCING', 'HALTED'] as const
function indexOfTradingState(value: TradingState): number {
  switch (value) {
    case 'ACTIVE':
      return 0
    case 'REDUCING':
      return 1
    case 'HALTED':
      return 2
    default:
      return -1
  }
}
export function writeTradingState(buf: Buffer, pos: number, value: TradingState): number {
  return w.putEnum(buf, pos, indexOfTradingState(value))
}

/** FIX Side: BUY (1) or SELL (2). */
export type Side = 'BUY' | 'SELL'
/** The symbols of `Side` in schema order. */
export const SideValues = ['BUY', 'SELL'] as const
function indexOfSide(value: Side): number {
  switch (value) {
    case 'BUY':
      return 0
    case 'SELL':
      return 1
    default:
      return -1
  }
}
export function writeSide(buf: Buffer, pos: number, value: Side): number {
  return w.putEnum(buf, pos, indexOfSide(value))
}

/** FIX OrdType: MARKET (1), LIMIT (2). */
export type OrderType = 'MARKET' | 'LIMIT'
/** The symbols of `OrderType` in schema order. */
export const OrderTypeValues = ['MARKET', 'LIMIT'] as const
function indexOfOrderType(value: OrderType): number {
  switch (value) {
    case 'MARKET':
      return 0
    case 'LIMIT':
      return 1
    default:
      return -1
  }
}
export function writeOrderType(buf: Buffer, pos: number, value: OrderType): number {
  return w.putEnum(buf, pos, indexOfOrderType(value))
}

/** FIX TimeInForce: GTC (1), IOC (3), FOK (4), DAY (0). */
export type TimeInForce = 'GTC' | 'IOC' | 'FOK' | 'DAY'
/** The symbols of `TimeInForce` in schema order. */
export const TimeInForceValues = ['GTC', 'IOC', 'FOK', 'DAY'] as const
function indexOfTimeInForce(value: TimeInForce): number {
  switch (value) {
    case 'GTC':
      return 0
    case 'IOC':
      return 1
    case 'FOK':
      return 2
    case 'DAY':
      return 3
    default:
      return -1
  }
}
export function writeTimeInForce(buf: Buffer, pos: number, value: TimeInForce): number {
  return w.putEnum(buf, pos, indexOfTimeInForce(value))
}

/** One factor of a decision. */
export interface Factor {
  /** Factor name. */
  readonly name: string
  /** Its value, -1 to 1. */
  readonly value: number
  /** Its weight. */
  readonly weight: number
  /** value * weight. */
  readonly contribution: number
}
export function boundFactor(value: Factor): number {
  let size = 24
  size += w.stringBound(value.name)
  return size
}
export function writeFactor(buf: Buffer, pos: number, value: Factor): number {
  let at = pos
  at = w.putString(buf, at, value.name)
  at = w.putDouble(buf, at, value.value)
  at = w.putDouble(buf, at, value.weight)
  at = w.putDouble(buf, at, value.contribution)
  return at
}
export function readFactor(): Factor {
  return {
    name: r.readString(),
    value: r.readDouble(),
    weight: r.readDouble(),
    contribution: r.readDouble(),
  }
}

/** FIXED_FRACTION of capital, or scaled to a VOLATILITY_TARGET. */
export type SizingMethod = 'FIXED_FRACTION' | 'VOLATILITY_TARGET'
/** The symbols of `SizingMethod` in schema order. */
export const SizingMethodValues = ['FIXED_FRACTION', 'VOLATILITY_TARGET'] as const
function indexOfSizingMethod(value: SizingMethod): number {
  switch (value) {
    case 'FIXED_FRACTION':
      return 0
    case 'VOLATILITY_TARGET':
      return 1
    default:
      return -1
  }
}
export function writeSizingMethod(buf: Buffer, pos: number, value: SizingMethod): number {
  return w.putEnum(buf, pos, indexOfSizingMethod(value))
}

/** How the quantity came about. */
export interface Sizing {
  /** Method. */
  readonly method: SizingMethod
  /** Capital it starts from, whole units of quote currency. */
  readonly capital: number
  /** Fraction of capital at risk. */
  readonly fraction: number
  /** Volatility estimate it used, basis points; 0 if none. */
  readonly volatility_bps: number
  /** Quantity before rounding to lots, in qty_scale. */
  readonly raw_qty: number
}
export function writeSizing(buf: Buffer, pos: number, value: Sizing): number {
  let at = pos
  at = writeSizingMethod(buf, at, value.method)
  at = w.putLong(buf, at, value.capital)
  at = w.putDouble(buf, at, value.fraction)
  at = w.putDouble(buf, at, value.volatility_bps)
  at = w.putDouble(buf, at, value.raw_qty)
  return at
}
export function readSizing(): Sizing {
  return {
    method: r.readEnum(SizingMethodValues),
    capital: r.readLong(),
    fraction: r.readDouble(),
    volatility_bps: r.readDouble(),
    raw_qty: r.readDouble(),
  }
}

/** FIX ExecType (150) by name; CANCEL_REJECT is 35=9. */
export type ExecType = 'NEW' | 'REJECTED' | 'PENDING_NEW' | 'TRIGGERED' | 'TRADE' | 'PENDING_CANCEL' | 'PENDING_REPLACE' | 'CANCELED' | 'REPLACED' | 'CANCEL_REJECT' | 'EXPIRED' | 'DONE_FOR_DAY' | 'RESTATED' | 'TRADE_CORRECT' | 'TRADE_CANCEL' | 'ORDER_STATUS'
/** The symbols of `ExecType` in schema order. */
export const ExecTypeValues = ['NEW', 'REJECTED', 'PENDING_NEW', 'TRIGGERED', 'TRADE', 'PENDING_CANCEL', 'PENDING_REPLACE', 'CANCELED', 'REPLACED', 'CANCEL_REJECT', 'EXPIRED', 'DONE_FOR_DAY', 'RESTATED', 'TRADE_CORRECT', 'TRADE_CANCEL', 'ORDER_STATUS'] as const
function indexOfExecType(value: ExecType): number {
  switch (value) {
    case 'NEW':
      return 0
    case 'REJECTED':
      return 1
    case 'PENDING_NEW':
      return 2
    case 'TRIGGERED':
      return 3
    case 'TRADE':
      return 4
    case 'PENDING_CANCEL':
      return 5
    case 'PENDING_REPLACE':
      return 6
    case 'CANCELED':
      return 7
    case 'REPLACED':
      return 8
    case 'CANCEL_REJECT':
      return 9
    case 'EXPIRED':
      return 10
    case 'DONE_FOR_DAY':
      return 11
    case 'RESTATED':
      return 12
    case 'TRADE_CORRECT':
      return 13
    case 'TRADE_CANCEL':
      return 14
    case 'ORDER_STATUS':
      return 15
    default:
      return -1
  }
}
export function writeExecType(buf: Buffer, pos: number, value: ExecType): number {
  return w.putEnum(buf, pos, indexOfExecType(value))
}

/** FIX OrdStatus (39) by name, and our own CREATED, DENIED, HELD, UNKNOWN. */
export type OrdStatus = 'CREATED' | 'DENIED' | 'HELD' | 'PENDING_NEW' | 'NEW' | 'SUSPENDED' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'REJECTED' | 'EXPIRED' | 'DONE_FOR_DAY' | 'UNKNOWN' | 'PENDING_CANCEL' | 'PENDING_REPLACE'
/** The symbols of `OrdStatus` in schema order. */
export const OrdStatusValues = ['CREATED', 'DENIED', 'HELD', 'PENDING_NEW', 'NEW', 'SUSPENDED', 'PARTIALLY_FILLED', 'FILLED', 'CANCELED', 'REJECTED', 'EXPIRED', 'DONE_FOR_DAY', 'UNKNOWN', 'PENDING_CANCEL', 'PENDING_REPLACE'] as const
function indexOfOrdStatus(value: OrdStatus): number {
  switch (value) {
    case 'CREATED':
      return 0
    case 'DENIED':
      return 1
    case 'HELD':
      return 2
    case 'PENDING_NEW':
      return 3
    case 'NEW':
      return 4
    case 'SUSPENDED':
      return 5
    case 'PARTIALLY_FILLED':
      return 6
    case 'FILLED':
      return 7
    case 'CANCELED':
      return 8
    case 'REJECTED':
      return 9
    case 'EXPIRED':
      return 10
    case 'DONE_FOR_DAY':
      return 11
    case 'UNKNOWN':
      return 12
    case 'PENDING_CANCEL':
      return 13
    case 'PENDING_REPLACE':
      return 14
    default:
      return -1
  }
}
export function writeOrdStatus(buf: Buffer, pos: number, value: OrdStatus): number {
  return w.putEnum(buf, pos, indexOfOrdStatus(value))
}

/** FIX LastLiquidityInd. */
export type Liquidity = 'NONE' | 'MAKER' | 'TAKER'
/** The symbols of `Liquidity` in schema order. */
export const LiquidityValues = ['NONE', 'MAKER', 'TAKER'] as const
function indexOfLiquidity(value: Liquidity): number {
  switch (value) {
    case 'NONE':
      return 0
    case 'MAKER':
      return 1
    case 'TAKER':
      return 2
    default:
      return -1
  }
}
export function writeLiquidity(buf: Buffer, pos: number, value: Liquidity): number {
  return w.putEnum(buf, pos, indexOfLiquidity(value))
}

/** The last record that the same commit wrote to a partition. */
export interface FrontierWrite {
  /** Topic. */
  readonly topic: string
  /** Partition. */
  readonly partition: number
  /** Producer of that record. */
  readonly producer: string
  /** Its sequence number. */
  readonly seq: number
  /** Its stream time, microseconds since the epoch. */
  readonly stream_time_us: number
}
export function boundFrontierWrite(value: FrontierWrite): number {
  let size = 21
  size += w.stringBound(value.topic)
  size += w.stringBound(value.producer)
  return size
}
export function writeFrontierWrite(buf: Buffer, pos: number, value: FrontierWrite): number {
  let at = pos
  at = w.putString(buf, at, value.topic)
  at = w.putInt(buf, at, value.partition)
  at = w.putString(buf, at, value.producer)
  at = w.putLong(buf, at, value.seq)
  at = w.putLong(buf, at, value.stream_time_us)
  return at
}
export function readFrontierWrite(): FrontierWrite {
  return {
    topic: r.readString(),
    partition: r.readInt(),
    producer: r.readString(),
    seq: r.readLong(),
    stream_time_us: r.readLong(),
  }
}

/** SPOT and EQUITY settle in full; LINEAR and INVERSE are derivatives. */
export type InstrumentKind = 'SPOT' | 'EQUITY' | 'LINEAR' | 'INVERSE'
/** The symbols of `InstrumentKind` in schema order. */
export const InstrumentKindValues = ['SPOT', 'EQUITY', 'LINEAR', 'INVERSE'] as const
function indexOfInstrumentKind(value: InstrumentKind): number {
  switch (value) {
    case 'SPOT':
      return 0
    case 'EQUITY':
      return 1
    case 'LINEAR':
      return 2
    case 'INVERSE':
      return 3
    default:
      return -1
  }
}
export function writeInstrumentKind(buf: Buffer, pos: number, value: InstrumentKind): number {
  return w.putEnum(buf, pos, indexOfInstrumentKind(value))
}

/** TOPOLOGY: declared in the topology. DATA: declared from the venue's own decimals. */
export type InstrumentOrigin = 'TOPOLOGY' | 'DATA'
/** The symbols of `InstrumentOrigin` in schema order. */
export const InstrumentOriginValues = ['TOPOLOGY', 'DATA'] as const
function indexOfInstrumentOrigin(value: InstrumentOrigin): number {
  switch (value) {
    case 'TOPOLOGY':
      return 0
    case 'DATA':
      return 1
    default:
      return -1
  }
}
export function writeInstrumentOrigin(buf: Buffer, pos: number, value: InstrumentOrigin): number {
  return w.putEnum(buf, pos, indexOfInstrumentOrigin(value))
}

/** What a task read of one partition. */
export interface JournalInput {
  /** Topic. */
  readonly topic: string
  /** Partition. */
  readonly partition: number
  /** First offset read. */
  readonly from: number
  /** Offset after the last read. */
  readonly to: number
  /** Records read. */
  readonly count: number
  /** Order-sensitive hash of what was read. */
  readonly hash: number
}
export function boundJournalInput(value: JournalInput): number {
  let size = 37
  size += w.stringBound(value.topic)
  return size
}
export function writeJournalInput(buf: Buffer, pos: number, value: JournalInput): number {
  let at = pos
  at = w.putString(buf, at, value.topic)
  at = w.putInt(buf, at, value.partition)
  at = w.putLong(buf, at, value.from)
  at = w.putLong(buf, at, value.to)
  at = w.putLong(buf, at, value.count)
  at = w.putLong(buf, at, value.hash)
  return at
}
export function readJournalInput(): JournalInput {
  return {
    topic: r.readString(),
    partition: r.readInt(),
    from: r.readLong(),
    to: r.readLong(),
    count: r.readLong(),
    hash: r.readLong(),
  }
}

/** Which part is set. */
export type MarketEventKind = 'depth' | 'quote' | 'trade' | 'status' | 'gap' | 'order' | 'session'
/** The symbols of `MarketEventKind` in schema order. */
export const MarketEventKindValues = ['depth', 'quote', 'trade', 'status', 'gap', 'order', 'session'] as const
function indexOfMarketEventKind(value: MarketEventKind): number {
  switch (value) {
    case 'depth':
      return 0
    case 'quote':
      return 1
    case 'trade':
      return 2
    case 'status':
      return 3
    case 'gap':
      return 4
    case 'order':
      return 5
    case 'session':
      return 6
    default:
      return -1
  }
}
export function writeMarketEventKind(buf: Buffer, pos: number, value: MarketEventKind): number {
  return w.putEnum(buf, pos, indexOfMarketEventKind(value))
}

/** VENUE: stamped by the venue. NONE: the message carries no time. */
export type EventTimeSource = 'VENUE' | 'NONE'
/** The symbols of `EventTimeSource` in schema order. */
export const EventTimeSourceValues = ['VENUE', 'NONE'] as const
function indexOfEventTimeSource(value: EventTimeSource): number {
  switch (value) {
    case 'VENUE':
      return 0
    case 'NONE':
      return 1
    default:
      return -1
  }
}
export function writeEventTimeSource(buf: Buffer, pos: number, value: EventTimeSource): number {
  return w.putEnum(buf, pos, indexOfEventTimeSource(value))
}

/** How it is computed. */
export type ChecksumRule = 'OKX' | 'KRAKEN' | 'KRAKEN_LEVEL3'
/** The symbols of `ChecksumRule` in schema order. */
export const ChecksumRuleValues = ['OKX', 'KRAKEN', 'KRAKEN_LEVEL3'] as const
function indexOfChecksumRule(value: ChecksumRule): number {
  switch (value) {
    case 'OKX':
      return 0
    case 'KRAKEN':
      return 1
    case 'KRAKEN_LEVEL3':
      return 2
    default:
      return -1
  }
}
export function writeChecksumRule(buf: Buffer, pos: number, value: ChecksumRule): number {
  return w.putEnum(buf, pos, indexOfChecksumRule(value))
}

/** The venue's own checksum of the book after this message, and the texts that it is computed from. */
export interface Checksum {
  /** How it is computed. */
  readonly rule: ChecksumRule
  /** CRC32, unsigned. */
  readonly value: number
  /** Price and quantity of each bid as the venue wrote them, `px:qty`, in the order of bids. */
  readonly bid_texts: readonly string[]
  /** The same of asks, in the order of asks. */
  readonly ask_texts: readonly string[]
}
export function boundChecksum(value: Checksum): number {
  let size = 29
  w.itemsOf(value.bid_texts)
  for (const item of value.bid_texts) {
    size += w.stringBound(item)
  }
  w.itemsOf(value.ask_texts)
  for (const item of value.ask_texts) {
    size += w.stringBound(item)
  }
  return size
}
export function writeChecksum(buf: Buffer, pos: number, value: Checksum): number {
  let at = pos
  at = writeChecksumRule(buf, at, value.rule)
  at = w.putLong(buf, at, value.value)
  {
    const items = value.bid_texts
    const count = items.length
    if (count > 0) {
      at = w.putLong(buf, at, count)
      for (let i = 0; i < count; i++) {
        at = w.putString(buf, at, items[i]!)
      }
    }
    buf[at++] = 0
  }
  {
    const items = value.ask_texts
    const count = items.length
    if (count > 0) {
      at = w.putLong(buf, at, count)
      for (let i = 0; i < count; i++) {
        at = w.putString(buf, at, items[i]!)
      }
    }
    buf[at++] = 0
  }
  return at
}
export function readChecksum(): Checksum {
  return {
    rule: r.readEnum(ChecksumRuleValues),
    value: r.readLong(),
    bid_texts: readStringArray(),
    ask_texts: readStringArray(),
  }
}

/** A change of price levels, or the whole book. */
export interface Depth {
  /** True: replaces the book. False: changes to it. */
  readonly snapshot: boolean
  /** First update id of the change; of a snapshot its only one. */
  readonly first_sequence: number
  /** Bid levels, absolute quantities, as sent. */
  readonly bids: readonly Level[]
  /** Ask levels, absolute quantities, as sent. */
  readonly asks: readonly Level[]
  /** The venue sends states, not changes: what was between two of them is unknown, and so is the queue. */
  readonly conflated: boolean
  /** Set where the venue sends one. */
  readonly checksum: Checksum | null
}
export function boundDepth(value: Depth): number {
  let size = 31
  size += w.itemsOf(value.bids) * 16
  size += w.itemsOf(value.asks) * 16
  if (value.checksum !== null) {
    size += boundChecksum(value.checksum)
  }
  return size
}
export function writeDepth(buf: Buffer, pos: number, value: Depth): number {
  let at = pos
  at = w.putBoolean(buf, at, value.snapshot)
  at = w.putLong(buf, at, value.first_sequence)
  {
    const items = value.bids
    const count = items.length
    if (count > 0) {
      at = w.putLong(buf, at, count)
      for (let i = 0; i < count; i++) {
        at = writeLevel(buf, at, items[i]!)
      }
    }
    buf[at++] = 0
  }
  {
    const items = value.asks
    const count = items.length
    if (count > 0) {
      at = w.putLong(buf, at, count)
      for (let i = 0; i < count; i++) {
        at = writeLevel(buf, at, items[i]!)
      }
    }
    buf[at++] = 0
  }
  at = w.putBoolean(buf, at, value.conflated)
  if (value.checksum === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = writeChecksum(buf, at, value.checksum)
  }
  return at
}
export function readDepth(): Depth {
  return {
    snapshot: r.readBoolean(),
    first_sequence: r.readLong(),
    bids: readLevelArray(),
    asks: readLevelArray(),
    conflated: r.readBoolean(),
    checksum: r.readPresent() ? readChecksum() : null,
  }
}

/** Best bid and ask as the venue itself states them. */
export interface Quote {
  /** Best bid, in price_scale. */
  readonly bid_px: number
  /** Quantity at it, in qty_scale. */
  readonly bid_qty: number
  /** Best ask, in price_scale. */
  readonly ask_px: number
  /** Quantity at it, in qty_scale. */
  readonly ask_qty: number
}
export function writeQuote(buf: Buffer, pos: number, value: Quote): number {
  let at = pos
  at = w.putLong(buf, at, value.bid_px)
  at = w.putLong(buf, at, value.bid_qty)
  at = w.putLong(buf, at, value.ask_px)
  at = w.putLong(buf, at, value.ask_qty)
  return at
}
export function readQuote(): Quote {
  return {
    bid_px: r.readLong(),
    bid_qty: r.readLong(),
    ask_px: r.readLong(),
    ask_qty: r.readLong(),
  }
}

/** One execution on the venue. */
export interface Trade {
  /** Venue trade id. */
  readonly trade_id: number
  /** Price, in price_scale. */
  readonly px: number
  /** Quantity, in qty_scale. */
  readonly qty: number
  /** Side of the order that took liquidity; null where the venue does not say. */
  readonly aggressor: Side | null
  /** Sale conditions as the venue codes them; empty if it has none. */
  readonly conditions: string
  /** It executed an order that the book did not show. */
  readonly hidden: boolean
}
export function boundTrade(value: Trade): number {
  let size = 27
  size += w.stringBound(value.conditions)
  return size
}
export function writeTrade(buf: Buffer, pos: number, value: Trade): number {
  let at = pos
  at = w.putLong(buf, at, value.trade_id)
  at = w.putLong(buf, at, value.px)
  at = w.putLong(buf, at, value.qty)
  if (value.aggressor === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = writeSide(buf, at, value.aggressor)
  }
  at = w.putString(buf, at, value.conditions)
  at = w.putBoolean(buf, at, value.hidden)
  return at
}
export function readTrade(): Trade {
  return {
    trade_id: r.readLong(),
    px: r.readLong(),
    qty: r.readLong(),
    aggressor: r.readPresent() ? r.readEnum(SideValues) : null,
    conditions: r.readString(),
    hidden: r.readBoolean(),
  }
}

/** BUFFERING: depth waits for a snapshot. LIVE: depth is continuous. RESYNC: continuity was lost, a new snapshot is needed. */
export type FeedState = 'BUFFERING' | 'LIVE' | 'RESYNC'
/** The symbols of `FeedState` in schema order. */
export const FeedStateValues = ['BUFFERING', 'LIVE', 'RESYNC'] as const
function indexOfFeedState(value: FeedState): number {
  switch (value) {
    case 'BUFFERING':
      return 0
    case 'LIVE':
      return 1
    case 'RESYNC':
      return 2
    default:
      return -1
  }
}
export function writeFeedState(buf: Buffer, pos: number, value: FeedState): number {
  return w.putEnum(buf, pos, indexOfFeedState(value))
}

/** The state of this instrument's feed changed. */
export interface Status {
  /** The new state. */
  readonly state: FeedState
  /** Why, as a code. */
  readonly reason: string
}
export function boundStatus(value: Status): number {
  let size = 1
  size += w.stringBound(value.reason)
  return size
}
export function writeStatus(buf: Buffer, pos: number, value: Status): number {
  let at = pos
  at = writeFeedState(buf, at, value.state)
  at = w.putString(buf, at, value.reason)
  return at
}
export function readStatus(): Status {
  return {
    state: r.readEnum(FeedStateValues),
    reason: r.readString(),
  }
}

/** Venue messages are missing. */
export interface Gap {
  /** Venue channel with the hole. */
  readonly channel: string
  /** First missing id. */
  readonly expected: number
  /** First id that came instead. */
  readonly received: number
}
export function boundGap(value: Gap): number {
  let size = 16
  size += w.stringBound(value.channel)
  return size
}
export function writeGap(buf: Buffer, pos: number, value: Gap): number {
  let at = pos
  at = w.putString(buf, at, value.channel)
  at = w.putLong(buf, at, value.expected)
  at = w.putLong(buf, at, value.received)
  return at
}
export function readGap(): Gap {
  return {
    channel: r.readString(),
    expected: r.readLong(),
    received: r.readLong(),
  }
}

/** ADD: a new order at the end of its price. EXECUTE, REDUCE: qty goes. DELETE: all of it goes. REPLACE: goes, and new_order_id stands at the end of px. CLEAR: every order of the instrument goes. */
export type OrderAction = 'ADD' | 'EXECUTE' | 'REDUCE' | 'DELETE' | 'REPLACE' | 'CLEAR'
/** The symbols of `OrderAction` in schema order. */
export const OrderActionValues = ['ADD', 'EXECUTE', 'REDUCE', 'DELETE', 'REPLACE', 'CLEAR'] as const
function indexOfOrderAction(value: OrderAction): number {
  switch (value) {
    case 'ADD':
      return 0
    case 'EXECUTE':
      return 1
    case 'REDUCE':
      return 2
    case 'DELETE':
      return 3
    case 'REPLACE':
      return 4
    case 'CLEAR':
      return 5
    default:
      return -1
  }
}
export function writeOrderAction(buf: Buffer, pos: number, value: OrderAction): number {
  return w.putEnum(buf, pos, indexOfOrderAction(value))
}

/** One change of one resting order. */
export interface BookOrder {
  /** What happens to it. */
  readonly action: OrderAction
  /** The order by the venue’s id; empty for CLEAR. */
  readonly order_id: string
  /** Of REPLACE: the order that takes its place; else empty. */
  readonly new_order_id: string
  /** Side of the order. */
  readonly side: Side
  /** Its price, in price_scale; of EXECUTE the price of the execution; 0 where the message has none. */
  readonly px: number
  /** Its quantity (ADD, REPLACE), or what goes of it (EXECUTE, REDUCE), in qty_scale; 0 where the message has none. */
  readonly qty: number
  /** Of EXECUTE: the venue’s trade id; 0 where there is none. */
  readonly match_id: number
  /** Of EXECUTE: counts as volume. */
  readonly printable: boolean
}
export function boundBookOrder(value: BookOrder): number {
  let size = 27
  size += w.stringBound(value.order_id)
  size += w.stringBound(value.new_order_id)
  return size
}
export function writeBookOrder(buf: Buffer, pos: number, value: BookOrder): number {
  let at = pos
  at = writeOrderAction(buf, at, value.action)
  at = w.putString(buf, at, value.order_id)
  at = w.putString(buf, at, value.new_order_id)
  at = writeSide(buf, at, value.side)
  at = w.putLong(buf, at, value.px)
  at = w.putLong(buf, at, value.qty)
  at = w.putLong(buf, at, value.match_id)
  at = w.putBoolean(buf, at, value.printable)
  return at
}
export function readBookOrder(): BookOrder {
  return {
    action: r.readEnum(OrderActionValues),
    order_id: r.readString(),
    new_order_id: r.readString(),
    side: r.readEnum(SideValues),
    px: r.readLong(),
    qty: r.readLong(),
    match_id: r.readLong(),
    printable: r.readBoolean(),
  }
}

/** OPEN: continuous trading. QUOTING: orders rest, nothing trades. AUCTION: orders gather for one price. HALTED: neither. PRE_OPEN, CLOSED: outside the session. */
export type TradingPhase = 'PRE_OPEN' | 'OPEN' | 'AUCTION' | 'QUOTING' | 'HALTED' | 'CLOSED'
/** The symbols of `TradingPhase` in schema order. */
export const TradingPhaseValues = ['PRE_OPEN', 'OPEN', 'AUCTION', 'QUOTING', 'HALTED', 'CLOSED'] as const
function indexOfTradingPhase(value: TradingPhase): number {
  switch (value) {
    case 'PRE_OPEN':
      return 0
    case 'OPEN':
      return 1
    case 'AUCTION':
      return 2
    case 'QUOTING':
      return 3
    case 'HALTED':
      return 4
    case 'CLOSED':
      return 5
    default:
      return -1
  }
}
export function writeTradingPhase(buf: Buffer, pos: number, value: TradingPhase): number {
  return w.putEnum(buf, pos, indexOfTradingPhase(value))
}

/** What may be done with the instrument on its venue changed. */
export interface Session {
  /** The new phase. */
  readonly phase: TradingPhase
  /** Why, as the venue codes it; empty if it does not say. */
  readonly reason: string
}
export function boundSession(value: Session): number {
  let size = 1
  size += w.stringBound(value.reason)
  return size
}
export function writeSession(buf: Buffer, pos: number, value: Session): number {
  let at = pos
  at = writeTradingPhase(buf, at, value.phase)
  at = w.putString(buf, at, value.reason)
  return at
}
export function readSession(): Session {
  return {
    phase: r.readEnum(TradingPhaseValues),
    reason: r.readString(),
  }
}

/** DEPTH: a book update. QUOTE: a venue quote. TIMER: a venue fell silent. */
export type NbboBasis = 'DEPTH' | 'QUOTE' | 'TIMER'
/** The symbols of `NbboBasis` in schema order. */
export const NbboBasisValues = ['DEPTH', 'QUOTE', 'TIMER'] as const
function indexOfNbboBasis(value: NbboBasis): number {
  switch (value) {
    case 'DEPTH':
      return 0
    case 'QUOTE':
      return 1
    case 'TIMER':
      return 2
    default:
      return -1
  }
}
export function writeNbboBasis(buf: Buffer, pos: number, value: NbboBasis): number {
  return w.putEnum(buf, pos, indexOfNbboBasis(value))
}

/** FIX 35=D, 35=G, 35=F. */
export type OrderCommandKind = 'NEW' | 'REPLACE' | 'CANCEL'
/** The symbols of `OrderCommandKind` in schema order. */
export const OrderCommandKindValues = ['NEW', 'REPLACE', 'CANCEL'] as const
function indexOfOrderCommandKind(value: OrderCommandKind): number {
  switch (value) {
    case 'NEW':
      return 0
    case 'REPLACE':
      return 1
    case 'CANCEL':
      return 2
    default:
      return -1
  }
}
export function writeOrderCommandKind(buf: Buffer, pos: number, value: OrderCommandKind): number {
  return w.putEnum(buf, pos, indexOfOrderCommandKind(value))
}

/** What one pre-trade control said. */
export interface Verdict {
  /** Control id, P01 to P22. */
  readonly control: string
  /** `PASS`, or the reason code of the denial. */
  readonly code: string
  /** Measured value, as decimal text. */
  readonly measured: string
  /** Limit it was held against, as decimal text. */
  readonly limit: string
}
export function boundVerdict(value: Verdict): number {
  let size = 0
  size += w.stringBound(value.control)
  size += w.stringBound(value.code)
  size += w.stringBound(value.measured)
  size += w.stringBound(value.limit)
  return size
}
export function writeVerdict(buf: Buffer, pos: number, value: Verdict): number {
  let at = pos
  at = w.putString(buf, at, value.control)
  at = w.putString(buf, at, value.code)
  at = w.putString(buf, at, value.measured)
  at = w.putString(buf, at, value.limit)
  return at
}
export function readVerdict(): Verdict {
  return {
    control: r.readString(),
    code: r.readString(),
    measured: r.readString(),
    limit: r.readString(),
  }
}

/** See docs of the pattern scorer for each formula. */
export type Pattern = 'BREAKOUT' | 'MOMENTUM' | 'MEAN_REVERSION' | 'BOOK_PRESSURE' | 'VOLUME_SURGE' | 'VOLATILITY_REGIME'
/** The symbols of `Pattern` in schema order. */
export const PatternValues = ['BREAKOUT', 'MOMENTUM', 'MEAN_REVERSION', 'BOOK_PRESSURE', 'VOLUME_SURGE', 'VOLATILITY_REGIME'] as const
function indexOfPattern(value: Pattern): number {
  switch (value) {
    case 'BREAKOUT':
      return 0
    case 'MOMENTUM':
      return 1
    case 'MEAN_REVERSION':
      return 2
    case 'BOOK_PRESSURE':
      return 3
    case 'VOLUME_SURGE':
      return 4
    case 'VOLATILITY_REGIME':
      return 5
    default:
      return -1
  }
}
export function writePattern(buf: Buffer, pos: number, value: Pattern): number {
  return w.putEnum(buf, pos, indexOfPattern(value))
}

/** A named number. */
export interface Feature {
  /** Feature name. */
  readonly name: string
  /** Its value. */
  readonly value: number
}
export function boundFeature(value: Feature): number {
  let size = 8
  size += w.stringBound(value.name)
  return size
}
export function writeFeature(buf: Buffer, pos: number, value: Feature): number {
  let at = pos
  at = w.putString(buf, at, value.name)
  at = w.putDouble(buf, at, value.value)
  return at
}
export function readFeature(): Feature {
  return {
    name: r.readString(),
    value: r.readDouble(),
  }
}

function readStringArray(): string[] {
  const items: string[] = []
  for (let left = r.readBlock(1); left > 0; left = r.readBlock(1)) {
    for (let i = 0; i < left; i++) items.push(r.readString())
  }
  return items
}

function readLevelArray(): Level[] {
  const items: Level[] = []
  for (let left = r.readBlock(2); left > 0; left = r.readBlock(2)) {
    for (let i = 0; i < left; i++) items.push(readLevel())
  }
  return items
}
