import { describe, expect, test } from 'vitest'
import { lint } from '../../runtime/topology/lint.ts'
import { parseTestFile } from '../../runtime/topology/test-file.ts'
import { world } from './world.ts'

const TOPOLOGY = `
name: small
description: Frames in, events out.
owner: tests
sources:
  feed: { to: frames.v1 }
topics:
  frames.v1: { record: RawFrame, key: venue_symbol, partitions: 1 }
  events.v1: { record: MarketEvent, key: instrument_id, partitions: 1 }
  fills.v1: { record: Fill, key: account, partitions: 1, external: true }
  dead.v1: { record: DeadLetter, key: origin_topic, partitions: 1 }
stages:
  decode: { use: decode, from: { in: frames.v1 }, to: { out: events.v1 }, faults_to: dead.v1 }
  tuned: { use: tuned, from: { in: events.v1 }, params: { window: 4, decay: 0.25 } }
  book: { use: filler, from: { in: fills.v1 }, to: { out: fills.v1 } }
`
const filler = {
  ...world.processors.relay!,
  inputs: { in: world.records.Fill! },
  outputs: { out: world.records.Fill! },
}
const own_world = { ...world, processors: { ...world.processors, filler } }

function load(path: string) {
  if (path !== 'small.yaml') return undefined
  const feedback = TOPOLOGY.replace('{ in: fills.v1 }', '{ in: { topic: fills.v1, feedback: { min_delay_us: 1 } } }')
  return lint(feedback, path, own_world)
}

function parse(text: string) {
  return parseTestFile(text, 'x.test.yaml', own_world, load)
}

const HEAD = 'topology: small.yaml\nstages: [decode, book]\ntests:\n  - name: a case\n'

test('given records are whole, expected ones hold the named fields', () => {
  const { tests, findings } = parse(`${HEAD}    given:
      frames.v1:
        - { at: 0ms, value: { venue_symbol: 'TEST:ACME', payload: '{"é":1}' } }
        - { at: 2s, value: { payload: { hex: '00ff' }, receive_error_us: 5 } }
      fills.v1:
        - at: 1ms
          value: { account: A, side: SELL, qty: -3, fee: '12345678901234567890' }
    expect:
      events.v1:
        - { at: 0ms, value: { kind: trade, trade: { px: 5, qty: 1 }, depth: null } }
      dead.v1: []
`)
  expect(findings).toEqual([])
  const frame = {
    venue_symbol: '',
    venue: '',
    source: '',
    channel: '',
    frame_seq: 0,
    receive_time_us: 0,
    receive_time_ns_rest: 0,
    receive_error_us: null,
  }
  expect(tests).toEqual({
    topology: 'small.yaml',
    stages: ['decode', 'book'],
    tests: [
      {
        name: 'a case',
        line: 4,
        until_us: undefined,
        given: {
          'frames.v1': [
            {
              at_us: 0,
              line: 7,
              value: { ...frame, venue_symbol: 'TEST:ACME', payload: new TextEncoder().encode('{"é":1}') },
            },
            {
              at_us: 2_000_000,
              line: 8,
              value: { ...frame, receive_error_us: 5, payload: Uint8Array.of(0, 255) },
            },
          ],
          'fills.v1': [
            {
              at_us: 1_000,
              line: 10,
              value: {
                account: 'A',
                instrument_id: '',
                venue: '',
                symbol: '',
                cl_ord_id: '',
                decision_id: '',
                exec_id: '',
                side: 'SELL',
                qty: -3,
                px: 0,
                fee: 12_345_678_901_234_567_890n,
                liquidity: 'NONE',
                price_scale: 0,
                qty_scale: 0,
                market_sequence: 0,
                transact_time_us: 0,
              },
            },
          ],
        },
        expect: {
          'events.v1': [
            {
              at_us: 0,
              line: 14,
              places: new Map([
                ['', { line: 14, column: 11 }],
                ['/at', { line: 14, column: 17 }],
                ['/value', { line: 14, column: 29 }],
                ['/value/kind', { line: 14, column: 37 }],
                ['/value/trade', { line: 14, column: 51 }],
                ['/value/trade/px', { line: 14, column: 57 }],
                ['/value/trade/qty', { line: 14, column: 65 }],
                ['/value/depth', { line: 14, column: 77 }],
              ]),
              value: { kind: 'trade', trade: { px: 5, qty: 1 }, depth: null },
            },
          ],
          'dead.v1': [],
        },
      },
    ],
  })
})

test('every given record can be encoded by its codec', async () => {
  const { Arena } = await import('../../runtime/api/index.ts')
  const { tests } = parse(`${HEAD}    given:
      frames.v1: [{ at: 0ms, value: {} }]
      fills.v1: [{ at: 0ms, value: {} }]
    expect: {}
`)
  const { given } = tests!.tests[0]!
  for (const [topic, record] of [
    ['frames.v1', 'RawFrame'],
    ['fills.v1', 'Fill'],
  ] as const) {
    const arena = new Arena()
    const type = world.records[record]!
    type.encode(given[topic]![0]!.value as never, arena)
    expect(type.decode(arena.bytes(), 0, arena.pos)).toEqual(given[topic]![0]!.value)
  }
})

describe('findings', () => {
  const value = (text: string) =>
    `${HEAD}    given:\n      fills.v1:\n        - { at: 0ms, value: { ${text} } }\n    expect: {}\n`

  test.each([
    ['acount: A', 'UNKNOWN_FIELD', 'Fill has no field `acount`', 'did you mean `account`?'],
    ['side: BY', 'INVALID_VALUE', '`side` cannot be `BY`', 'did you mean `BUY`?'],
    ['qty: 1.5', 'WRONG_TYPE', '`qty` is not a safe whole number', 'write a safe whole number'],
    ['qty: 9007199254740992', 'WRONG_TYPE', '`qty` is not a safe whole number', 'write a safe whole number'],
    [
      'price_scale: 2147483648',
      'WRONG_TYPE',
      '`price_scale` is not a whole number of 32 bits',
      'write a whole number of 32 bits',
    ],
    ['account: 5', 'WRONG_TYPE', '`account` is not text', 'write text'],
    [
      'fee: 1.5',
      'WRONG_TYPE',
      '`fee` is not a whole number, in quotes if it is large',
      'write a whole number, in quotes if it is large',
    ],
  ])('{ %s }', (text, code, message, hint) => {
    const { tests, findings } = parse(value(text))
    expect(tests).toBeUndefined()
    const column = text.indexOf(':') > 0 && code === 'UNKNOWN_FIELD' ? 31 : 31 + text.indexOf(': ') + 2
    expect(findings).toEqual([{ file: 'x.test.yaml', line: 7, column, code, message, hint }])
  })

  test('all problems of a file come at once, in order', () => {
    const { findings } = parse(`topology: small.yaml
stages: [decode, boook]
tests:
  - name: a case
    given:
      frame.v1: []
      frames.v1:
        - { at: 5, value: {} }
        - { value: {} }
      dead.v1: []
  - given: {}
    expect:
      events.v1:
        - { at: 0ms, value: { depth: { snapshot: 1, bids: [{ px: a }] } } }
`)
    expect(findings.map(({ line, column, code }) => [line, column, code])).toEqual([
      [2, 18, 'UNKNOWN_STAGE'],
      [4, 5, 'MISSING_FIELD'],
      [6, 7, 'UNKNOWN_TOPIC'],
      [8, 17, 'WRONG_TYPE'],
      [9, 11, 'MISSING_FIELD'],
      [11, 5, 'MISSING_FIELD'],
      [14, 50, 'WRONG_TYPE'],
      [14, 66, 'WRONG_TYPE'],
    ])
  })

  test('parameters are held against the processor, and set where they fit', () => {
    const params = (text: string) =>
      parse(`${HEAD.replace('tests:', `params: ${text}\ntests:`)}    given: {}\n    expect: {}\n`)
    expect(params('{ decoder: {} }').findings).toMatchObject([{ line: 3, column: 11, code: 'UNKNOWN_STAGE' }])
    expect(params('{ decode: { limit: 1 } }').findings).toMatchObject([
      { line: 3, column: 21, code: 'UNKNOWN_PARAMETER' },
    ])
    expect(params('{ tuned: { window: 0 } }').findings).toMatchObject([
      { line: 3, column: 28, code: 'PARAMETER_INVALID', message: '`window` is 0, below 1' },
    ])
    expect(params('{ tuned: { window: 1, steps: [5, 6] } }').findings).toMatchObject([
      { line: 3, column: 42, code: 'PARAMETER_INVALID', message: '`steps.1` must be multiple of 5' },
    ])
    expect(params('{ tuned: { window: 9 } }').topology?.stages.tuned?.params).toEqual({ window: 9, decay: 0.25 })
  })

  test('a topology with findings of its own is named', () => {
    const bad = (path: string) => lint(TOPOLOGY, path, own_world)
    const { findings } = parseTestFile(`${HEAD}    given: {}\n    expect: {}\n`, 'x.test.yaml', own_world, bad)
    expect(findings).toEqual([
      {
        file: 'x.test.yaml',
        line: 1,
        column: 11,
        code: 'TOPOLOGY_INVALID',
        message: '`small.yaml` has 1 finding',
        hint: 'run `aitrader lint small.yaml`',
      },
    ])
  })
})
