/** The texts that `aitrader new` begins with: as small as they can be and still run on the simulated market. */

const TEST_SCHEMA = '# yaml-language-server: $schema=../../schemas/generated/test.schema.json'
const SCHEMA = '# yaml-language-server: $schema=../schemas/generated/topology.schema.json'

export interface ExtraStage {
  /** Lines under `topics:`, indented. */
  readonly topics: string
  /** Lines under `stages:`, indented. */
  readonly stages: string
  readonly read: string
}

const NONE: ExtraStage = { topics: '', stages: '', read: 'market.books.v1' }

/** Frames of the simulated market in, order books out. */
export function topologyText(name: string, { topics, stages, read }: ExtraStage = NONE, schema = SCHEMA): string {
  return `${schema}
name: ${name}
description: Venue frames in, order books out.
owner: ${name}

sources:
  feed:
    to: audit.raw-ticks.v1
  topology:
    to: reference.instruments.v1

instruments:
  - instrument_id: BTCUSDT.BINANCE
    venue: BINANCE
    symbol: BTCUSDT
    kind: SPOT
    price_scale: 2
    qty_scale: 8
    tick_size_px: 1
    lot_size_qty: 1000
    min_qty: 1000
    max_qty: 900000000000
    base_currency: BTC
    quote_currency: USDT

topics:
  audit.raw-ticks.v1:
    record: RawFrame
    key: venue_symbol
    partitions: 4
    retention: 7d
    description: Bytes of every venue message as received.
  reference.instruments.v1:
    record: Instrument
    key: instrument_id
    partitions: 1
    description: Instruments, declared here or found in the data.
  market.events.v1:
    record: MarketEvent
    key: instrument_id
    partitions: 4
    retention: 7d
    description: Depth changes, quotes and trades in one form for every venue.
  market.bars.v1:
    record: Bar
    key: instrument_id
    partitions: 4
    retention: 7d
    description: Bars that a venue sends itself.
  market.books.v1:
    record: BookUpdate
    key: instrument_id
    partitions: 4
    retention: 7d
    description: The order book after each depth message.
${topics}  dead-letter.v1:
    record: DeadLetter
    key: origin_topic
    partitions: 1
    description: Records that could not be processed, with their bytes and a code.

stages:
  normalizer:
    use: normalizer
    description: Venue messages become market events with exact integer prices.
    from:
      frames: audit.raw-ticks.v1
    to:
      events: market.events.v1
      bars: market.bars.v1
      instruments: reference.instruments.v1
    faults_to: dead-letter.v1
  book-builder:
    use: book-builder
    description: Depth changes become order books.
    from:
      events: market.events.v1
    to:
      books: market.books.v1
    faults_to: dead-letter.v1
${stages}
external_readers:
  ${name}_consumers:
    topics: [${read}, market.bars.v1, reference.instruments.v1]
    owner: ${name}
    description: Whoever reads the results.
`
}

/** One stage, one record on each keyed input and none on those that are silent; what comes out is found by running it. */
export function testText(
  topology: string,
  stage: string,
  inputs: readonly string[],
  silent: readonly string[] = [],
): string {
  const none = silent.map((topic) => `      ${topic}: []\n`).join('')
  const given = none + inputs.map((topic) => `      ${topic}:\n        - { at: 0ms, value: {} }\n`).join('')
  return `${TEST_SCHEMA}
topology: ${topology}
stages: [${stage}]
tests:
  - name: ${stage} takes an empty record
    given:${given === '' ? ' {}' : `\n${given.trimEnd()}`}
    expect: {}
`
}

/** A snapshot and a change, so that the book is seen. */
export function bookTestText(topology: string): string {
  return `${TEST_SCHEMA}
topology: ${topology}
stages: [book-builder]
tests:
  - name: a snapshot makes a book, and a change that continues it another one
    given:
      market.events.v1:
        - at: 1ms
          value:
            kind: depth
            instrument_id: BTCUSDT.BINANCE
            symbol: BTCUSDT
            venue: BINANCE
            sequence: 10
            depth: { snapshot: true, first_sequence: 10, bids: [{ px: 100, qty: 3 }], asks: [{ px: 102, qty: 1 }] }
        - at: 2ms
          value:
            kind: depth
            instrument_id: BTCUSDT.BINANCE
            symbol: BTCUSDT
            venue: BINANCE
            sequence: 11
            depth: { snapshot: false, first_sequence: 11, bids: [], asks: [{ px: 101, qty: 5 }] }
    expect:
      market.books.v1:
        - { at: 1ms, value: { sequence: 10, quality: SNAPSHOT, bid_px: 100, bid_qty: 3, ask_px: 102, ask_qty: 1 } }
        - { at: 2ms, value: { sequence: 11, quality: LIVE, bid_px: 100, bid_qty: 3, ask_px: 101, ask_qty: 5 } }
`
}

/** Records of one book come in, a part of them goes out: state, a parameter and a fault, each once. */
export function processorText(name: string): string {
  const variable = camel(name)
  return `import Type from 'typebox'
import { defineProcessor, emit, fault, keep } from '../../runtime/api/index.ts'
import { BookUpdate } from '../../schemas/generated/index.ts'

/**
 * Passes on every nth book of an instrument, so that slow readers see each of them change.
 *
 * Silent for the books between. A book without a sequence is bad data.
 */
export const ${variable} = defineProcessor({
  name: '${name}',
  description: 'Passes on every nth book of an instrument.',
  inputs: { books: BookUpdate },
  outputs: { books: BookUpdate },
  faults: { SEQUENCE_MISSING: 'A book whose sequence is not above 0.' },
  params: Type.Object({
    every: Type.Integer({ minimum: 1, default: 2, description: 'Books until the next one is passed on.' }),
  }),
  initial: () => ({ seen: 0 }),
  on: {
    books(state: { seen: number }, book: BookUpdate, { params }) {
      if (!(book.sequence > 0)) return fault('SEQUENCE_MISSING', { sequence: book.sequence })
      const seen = state.seen + 1
      return seen % params.every === 0 ? emit({ seen }, { books: [book] }) : keep({ seen })
    },
  },
})
`
}

export function processorStage(name: string): ExtraStage {
  return {
    topics: `  ${name}.books.v1:
    record: BookUpdate
    key: instrument_id
    partitions: 4
    retention: 7d
    description: What ${name} passes on.
`,
    stages: `  ${name}:
    use: ${name}
    description: Every second book.
    from:
      books: market.books.v1
    to:
      books: ${name}.books.v1
    faults_to: dead-letter.v1
    params:
      every: 2
`,
    read: `${name}.books.v1`,
  }
}

export function processorTest(name: string, topology: string): string {
  return `${TEST_SCHEMA}
topology: ${topology}
stages: [${name}]
tests:
  - name: every second book of an instrument is passed on
    given:
      market.books.v1:
        - { at: 1ms, value: { instrument_id: A.X, sequence: 1 } }
        - { at: 2ms, value: { instrument_id: A.X, sequence: 2 } }
        - { at: 3ms, value: { instrument_id: B.X, sequence: 1 } }
        - { at: 4ms, value: { instrument_id: A.X, sequence: 3 } }
    expect:
      ${name}.books.v1:
        - { at: 2ms, value: { instrument_id: A.X, sequence: 2 } }
    expect_state:
      ${name}:
        A.X: { seen: 3 }
        B.X: { seen: 1 }
  - name: a book without a sequence is bad data
    given:
      market.books.v1:
        - { at: 1ms, value: { instrument_id: A.X, sequence: 0 } }
    expect:
      dead-letter.v1:
        - { at: 1ms, value: { stage: ${name}, code: SEQUENCE_MISSING } }
`
}

/** The list of processors with one more: its import and its line, each where the order of names puts it. */
export function registered(index: string, name: string): string | undefined {
  const variable = camel(name)
  const lines = index.split('\n')
  const import_line = `import { ${variable} } from './${name}/index.ts'`
  const entry = `  [${variable}.name]: ${variable},`
  if (lines.includes(import_line)) return index
  const last_import = lines.findLastIndex((line) => /^import \{ \w+ \} from '\.\/[\w-]+\/index\.ts'$/.test(line))
  const last_entry = lines.findLastIndex((line) => /^ {2}\[\w+\.name\]: \w+,$/.test(line))
  if (last_import < 0 || last_entry < last_import) return undefined
  const after = (line: string, from: RegExp) => {
    const at = lines.findIndex((one) => from.test(one) && one > line)
    return at < 0 ? undefined : at
  }
  lines.splice(after(entry, /^ {2}\[\w+\.name\]/) ?? last_entry + 1, 0, entry)
  lines.splice(after(import_line, /^import \{ \w+ \} from '\.\//) ?? last_import + 1, 0, import_line)
  return lines.join('\n')
}

/** Words of TypeScript, and names that the skeleton and the list of processors use themselves. */
const RESERVED: ReadonlySet<string> = new Set(
  `any arguments as async await boolean break case catch class const continue debugger declare default delete do else
  enum eval export extends false finally for from function get if implements import in instanceof interface is let
  module namespace never new null number object of package private protected public readonly return satisfies set
  static string super switch symbol this throw true try type typeof undefined unknown using var void while with yield
  infinity builtins processors emit fault keep defineProcessor bookUpdate`.split(/\s+/),
)

/** Whether the name of a processor cannot be the name of its variable. */
export function isReserved(name: string): boolean {
  return RESERVED.has(camel(name))
}

function camel(name: string): string {
  return name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
