import { type AvroType, avroOf, type RecordType } from '../../runtime/api/index.ts'
import { BookUpdate } from '../../schemas/generated/index.ts'

/** Records for built-in stages: what a test does not say is null where it may be, else 0 or empty. */

function nothing(type: AvroType): unknown {
  switch (type.kind) {
    case 'union':
      return type.options.some(({ kind }) => kind === 'null') ? null : nothing(type.options[0]!)
    case 'record':
      return Object.fromEntries([...type.fields.values()].map((field) => [field.name, nothing(field.type)]))
    case 'enum':
      return type.symbols[0]
    case 'string':
      return ''
    case 'boolean':
      return false
    case 'array':
      return []
    case 'bytes':
      return new Uint8Array(0)
    case 'decimal':
      return 0n
    default:
      return 0
  }
}

function recordOf<T>(type: RecordType<T>, fields: Partial<T>): T {
  return { ...(nothing(avroOf(type as RecordType<never>)) as T), ...fields }
}

/** A live book with a bid and no ask. */
export const BOOK: BookUpdate = recordOf(BookUpdate, {
  instrument_id: 'A.X',
  venue: 'X',
  symbol: 'A',
  sequence: 1,
  quality: 'LIVE',
  bid_px: 10_000,
  bid_qty: 5,
  bids: [{ px: 10_000, qty: 5 }],
  imbalance: 0.5,
  event_time_us: 1,
  receive_time_us: 2,
})
