import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { shippedWorld } from '../../cli/world.ts'
import { lint } from '../../runtime/topology/lint.ts'
import { parseTestFile } from '../../runtime/topology/test-file.ts'
import { runTopologyTest } from '../../runtime/topology/test-run.ts'

/** A topology test that is wrong fails, and says how: each case is one mistake in a test that holds. */

const world = await shippedWorld()
const path = 'topology/crypto.yaml'
const crypto = lint(readFileSync(path, 'utf8'), path, world)

const HOLDS = `topology: ${path}
stages: [nbbo]
tests:
  - name: a case
    given:
      market.books.v1:
        - at: 1ms
          value: { instrument_id: BTCUSDT.BINANCE, symbol: BTCUSDT, quality: LIVE, sequence: 1, bid_px: 100, bid_qty: 5 }
        - at: 2ms
          value: { instrument_id: BTCUSDT.BINANCE, symbol: BTCUSDT, quality: LIVE, sequence: 2, bid_px: 101, bid_qty: 5 }
        - at: 3ms
          value: { instrument_id: X, symbol: X, quality: LIVE, sequence: 2, bid_px: 101, bid_qty: 5 }
    expect:
      market.nbbo.v1:
        - { at: 1ms, value: { bid_px: 100, ask_px: null } }
        - { at: 2ms, value: { bid_px: 101 } }
      dead-letter.v1:
        - { at: 3ms, value: { code: INSTRUMENT_UNKNOWN } }
`

async function differencesOf(text: string) {
  const { tests, topology, findings } = parseTestFile(text, 'x.test.yaml', world, () => crypto)
  expect(findings).toEqual([])
  const { differences } = await runTopologyTest(tests!.tests[0]!, tests!.stages, { topology: topology!, world })
  return differences
}

describe('a topology test', () => {
  test('that holds has no difference', async () => {
    expect(await differencesOf(HOLDS)).toEqual([])
  })

  test.each([
    [
      'of another value',
      'bid_px: 101 } }',
      'bid_px: 102 } }',
      [{ line: 16, column: 39, topic: 'market.nbbo.v1', index: 1, message: 'bid_px is 101, not 102' }],
    ],
    [
      'of another time',
      '{ at: 2ms, value: { bid_px: 101 } }',
      '{ at: 3ms, value: { bid_px: 101 } }',
      [{ line: 16, column: 17, topic: 'market.nbbo.v1', index: 1, message: 'at 2000 us, not 3000 us' }],
    ],
    [
      'of a value where there is none',
      'ask_px: null',
      'ask_px: 5',
      [{ line: 15, topic: 'market.nbbo.v1', index: 0, message: 'ask_px is null, not 5' }],
    ],
    [
      'with a record too many',
      '        - { at: 2ms, value: { bid_px: 101 } }\n',
      '        - { at: 2ms, value: { bid_px: 101 } }\n        - { at: 2ms, value: {} }\n',
      [{ line: 17, topic: 'market.nbbo.v1', index: 2, message: 'expected here, and none of the 2 there are is it' }],
    ],
    [
      'with a record too few',
      '        - { at: 2ms, value: { bid_px: 101 } }\n',
      '',
      [
        {
          line: 15,
          topic: 'market.nbbo.v1',
          index: 1,
          message: expect.stringMatching(/^not expected here, at 2000 us: \{"symbol":"BTC/),
        },
      ],
    ],
    [
      'with the first record left out',
      '        - { at: 1ms, value: { bid_px: 100, ask_px: null } }\n',
      '',
      [{ line: 15, topic: 'market.nbbo.v1', index: 0, kind: 'extra' }],
    ],
    [
      'with a topic left out',
      '      dead-letter.v1:\n        - { at: 3ms, value: { code: INSTRUMENT_UNKNOWN } }\n',
      '',
      [
        {
          line: 4,
          topic: 'dead-letter.v1',
          index: 0,
          message: expect.stringMatching(/^not expected here, at 3000 us/),
        },
      ],
    ],
  ])('%s fails', async (_what, holds, fails, differences) => {
    expect(HOLDS).toContain(holds)
    expect(await differencesOf(HOLDS.replace(holds, fails))).toMatchObject(differences)
  })

  test('ends at `until`, and what comes later does not count', async () => {
    const silent = HOLDS.replace('    given:', '    until: 2001ms\n    given:')
    expect(await differencesOf(silent)).toEqual([])
    const stale = HOLDS.replace('    given:', '    until: 2002ms\n    given:')
    expect(await differencesOf(stale)).toMatchObject([{ line: 17, index: 2, kind: 'extra' }])
  })
})
