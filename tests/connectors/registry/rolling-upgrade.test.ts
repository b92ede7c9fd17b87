import avsc, { type Schema } from 'avsc'
import { expect, test } from 'vitest'
import { Codecs, incompatibilities, openRegistry, subjectOf } from '../../../connectors/registry/index.ts'
import { Arena, type RecordType } from '../../../runtime/api/index.ts'
import { fingerprint } from '../../../schemas/canonical.ts'
import { MarketEvent } from '../../../schemas/generated/index.ts'
import { describeWithRegistry } from '../../servers/index.ts'

/**
 * One stage at a time: while an upgrade rolls, old and new builds write and read the same topic, in either order of the
 * stages. The next MarketEvent has one field more and one less.
 */
interface Field {
  readonly name: string
  readonly type: unknown
  readonly default?: unknown
}

const today = JSON.parse(MarketEvent.schema) as { fields: Field[] }
/** What an older build wrote: a field with a default that is no more. */
const PAST = JSON.stringify({ ...today, fields: [...today.fields, { name: 'feed_note', type: 'string', default: '' }] })
/** What the next build writes: a field more, with a default. */
const NEXT = JSON.stringify({ ...today, fields: [...today.fields, { name: 'lag_us', type: 'long', default: -1 }] })

const EVENT: MarketEvent = {
  kind: 'trade',
  instrument_id: 'BTCUSDT.BINANCE',
  venue: 'BINANCE',
  symbol: 'BTCUSDT',
  sequence: 7,
  event_time_us: 1_723_075_200_000_000,
  event_time_source: 'VENUE',
  receive_time_us: 1_723_075_200_000_100,
  depth: null,
  quote: null,
  trade: { trade_id: 7, px: 5_500_012, qty: 100_000, aggressor: 'BUY', conditions: '', hidden: false },
  status: null,
  gap: null,
  order: null,
  session: null,
}

describeWithRegistry('an upgrade of one stage at a time', ({ url }) => {
  const subject = subjectOf(`rolling-${process.pid}`)

  test.each([
    ['the last build wrote, this one reads', PAST, MarketEvent as RecordType<unknown>, { feed_note: 'x' }, {}],
    ['this build writes, the last one reads', MarketEvent.schema, readerOf(PAST), {}, { feed_note: '' }],
    ['the next build writes, this one reads', NEXT, MarketEvent as RecordType<unknown>, { lag_us: 5 }, {}],
    ['this build wrote, the next one reads', MarketEvent.schema, readerOf(NEXT), {}, { lag_us: -1 }],
    ['the last build wrote, the next one reads', PAST, readerOf(NEXT), { feed_note: 'x' }, { lag_us: -1 }],
    ['the next build writes, the last one still reads', NEXT, readerOf(PAST), { lag_us: 5 }, { feed_note: '' }],
  ])('%s', async (_, writer, reader, written, read) => {
    const registry = await openRegistry(url)
    try {
      // In the order in which builds came; each is accepted in the strictest mode.
      for (const schema of [PAST, MarketEvent.schema, NEXT]) {
        expect(incompatibilities('FULL_TRANSITIVE', schema, await registry.versions(subject))).toEqual([])
        await registry.register(subject, schema, 'FULL_TRANSITIVE')
      }
      const id = await registry.register(subject, writer, 'FULL_TRANSITIVE')
      const codecs = new Codecs(registry)
      await codecs.prepare(id)
      const body = bodyOf(writer, written)
      expect(codecs.get(id, reader)(body, 0, body.length)).toEqual({ ...plain(EVENT), ...read })
    } finally {
      registry.close()
    }
  })
})

/** The event as our codec knows it, and whatever else the schema has. */
function plain(event: MarketEvent): object {
  const arena = new Arena(64)
  MarketEvent.encode(event, arena)
  const body = arena.bytes()
  return MarketEvent.decode(body, 0, body.length)
}

function bodyOf(schema: string, more: object): Buffer {
  return avsc.Type.forSchema(JSON.parse(schema) as Schema).toBuffer({ ...plain(EVENT), ...more })
}

/** A build that knows another schema: its decoder is avsc. */
function readerOf(schema: string): RecordType<unknown> {
  const type = avsc.Type.forSchema(JSON.parse(schema) as Schema)
  return {
    name: 'MarketEvent',
    schema,
    fingerprint: fingerprint(schema),
    encode: () => {},
    decode: (buf, pos, end) => JSON.parse(JSON.stringify(type.fromBuffer(Buffer.from(buf.subarray(pos, end))))),
  }
}
