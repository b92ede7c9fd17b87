// Made by `aitrader generate` from schemas/*.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { AuditEvent } from './audit-event.ts'
import { Bar } from './bar.ts'
import { BookUpdate } from './book-update.ts'
import { Control } from './control.ts'
import { DeadLetter } from './dead-letter.ts'
import { Decision } from './decision.ts'
import { ExecutionReport } from './execution-report.ts'
import { Fill } from './fill.ts'
import { FrontierMark } from './frontier-mark.ts'
import { Instrument } from './instrument.ts'
import { JournalEntry } from './journal-entry.ts'
import { MarketEvent } from './market-event.ts'
import { Nbbo } from './nbbo.ts'
import { Order } from './order.ts'
import { OrderCommand } from './order-command.ts'
import { PatternSignal } from './pattern-signal.ts'
import { Position } from './position.ts'
import { Prediction } from './prediction.ts'
import { RawFrame } from './raw-frame.ts'
import { Redelivery } from './redelivery.ts'

export type {
  AuditKind,
  BarOrigin,
  BookOrder,
  BookQuality,
  Checksum,
  ChecksumRule,
  Depth,
  EventTimeSource,
  ExecType,
  Factor,
  Feature,
  FeedState,
  FrontierWrite,
  Gap,
  InstrumentKind,
  InstrumentOrigin,
  JournalInput,
  Level,
  Liquidity,
  MarketEventKind,
  NbboBasis,
  OrdStatus,
  OrderAction,
  OrderCommandKind,
  OrderType,
  Pattern,
  Quote,
  Session,
  Side,
  Sizing,
  SizingMethod,
  Status,
  TimeInForce,
  Trade,
  TradingPhase,
  TradingState,
  Verdict,
} from './named-types.ts'
export {
  AuditKindValues,
  BarOriginValues,
  BookQualityValues,
  ChecksumRuleValues,
  EventTimeSourceValues,
  ExecTypeValues,
  FeedStateValues,
  InstrumentKindValues,
  InstrumentOriginValues,
  LiquidityValues,
  MarketEventKindValues,
  NbboBasisValues,
  OrdStatusValues,
  OrderActionValues,
  OrderCommandKindValues,
  OrderTypeValues,
  PatternValues,
  SideValues,
  SizingMethodValues,
  TimeInForceValues,
  TradingPhaseValues,
  TradingStateValues,
} from './named-types.ts'
export {
  AuditEvent,
  Bar,
  BookUpdate,
  Control,
  DeadLetter,
  Decision,
  ExecutionReport,
  Fill,
  FrontierMark,
  Instrument,
  JournalEntry,
  MarketEvent,
  Nbbo,
  Order,
  OrderCommand,
  PatternSignal,
  Position,
  Prediction,
  RawFrame,
  Redelivery,
}

/** Every record by its name. */
export const records: Readonly<Record<string, RecordType<unknown>>> = {
  AuditEvent,
  Bar,
  BookUpdate,
  Control,
  DeadLetter,
  Decision,
  ExecutionReport,
  Fill,
  FrontierMark,
  Instrument,
  JournalEntry,
  MarketEvent,
  Nbbo,
  Order,
  OrderCommand,
  PatternSignal,
  Position,
  Prediction,
  RawFrame,
  Redelivery,
}

/** SHA-256 (hex) over the names and fingerprints of all records: changes when bytes on a topic would. */
export const schemasHash = 'd0296bacac3d846ec22e601a9274a0cc7f0b30c3371515cd3af742a6d50fea1a'
