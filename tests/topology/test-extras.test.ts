import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Coverage, CoverageMeter, coverageText } from '../../cli/test/coverage.ts'
import { shippedWorld } from '../../cli/world.ts'
import { lint } from '../../runtime/topology/lint.ts'
import { faultyGround } from '../../runtime/topology/test-faults.ts'
import { parseTestFile } from '../../runtime/topology/test-file.ts'
import { runTopologyTest, simulatedGround } from '../../runtime/topology/test-run.ts'

/** What a topology test says beside records: states, and answers in the place of effects. */

const world = await shippedWorld()
const path = 'topology/crypto.yaml'
const crypto = lint(readFileSync(path, 'utf8'), path, world)

function parse(text: string) {
  return parseTestFile(text, 'x.test.yaml', world, () => crypto)
}

async function run(text: string, ground = simulatedGround()) {
  const { tests, topology, findings } = parse(text)
  expect(findings).toEqual([])
  const options = { topology: topology!, world, ground }
  return { tests: tests!, options, ...(await runTopologyTest(tests!.tests[0]!, tests!.stages, options)) }
}

const ASKED = `topology: ${path}
stages: [inference-enricher]
tests:
  - name: a case
    given:
      signals.global.v1:
        - { at: 10ms, value: { instrument_id: A, direction: 1, strength: 0.5, book_quality: LIVE } }
        - { at: 20ms, value: { instrument_id: B, direction: 1, strength: 0.5, book_quality: LIVE } }
    effects:
      inference-enricher:
        latency: 7ms
        answers:
          - when: { instrument_id: A }
            answer: { model_name: m, model_version: '9', model_sha256: '', backend: linear-js, horizon_us: 1, expected_return_bps: 2, probability_up: 0.75 }
          - fail: GONE
    expect:
      predictions.v1:
        - { at: 17ms, value: { instrument_id: A, model_name: m, probability_up: 0.75 } }
        - { at: 27ms, value: { instrument_id: B, backend: fallback, probability_up: 0.5 } }
`

describe('an effect that a test answers for', () => {
  test('has the test’s latency, answers and failures', async () => {
    expect((await run(ASKED)).differences).toEqual([])
  })

  test('answers alike however often a run dies', async () => {
    const { sha256 } = await run(ASKED)
    for (const seed of [1, 2, 3])
      expect(await run(ASKED, faultyGround(seed))).toMatchObject({ sha256, differences: [] })
  })

  test('fails where no rule fits', async () => {
    const unanswered = ASKED.replace('          - fail: GONE\n', '')
    expect((await run(unanswered)).differences).toEqual([])
    expect((await run(ASKED.replace('{ instrument_id: A }\n', '{ instrument_id: C }\n'))).differences).toMatchObject([
      { index: 0, path: ['value', 'model_name'], expected: 'm', actual: 'neutral' },
      { index: 0, path: ['value', 'probability_up'], expected: 0.75, actual: 0.5 },
    ])
  })

  test.each([
    ['inference-enricher:\n        latency', 'inference-enriched:\n        latency', 'UNKNOWN_STAGE', 10],
    ['latency: 7ms', 'latency: 7', 'WRONG_TYPE', 11],
    ['- fail: GONE', '- fial: GONE', 'UNKNOWN_FIELD', 15],
  ])('%j is found', (good, bad, code, line) => {
    expect(ASKED).toContain(good)
    const { findings } = parse(ASKED.replace(good, bad))
    expect(findings.map((finding) => [finding.code, finding.line])).toContainEqual([code, line])
  })

  test('must be an effect', () => {
    const text = ASKED.replace('stages: [inference-enricher]', 'stages: [inference-enricher, nbbo]')
    const { findings } = parse(text.replace('inference-enricher:\n        latency', 'nbbo:\n        latency'))
    expect(findings.map(({ code }) => code)).toEqual(['EFFECT_UNEXPECTED'])
  })
})

const STATE = `topology: ${path}
stages: [nbbo]
tests:
  - name: a case
    given:
      market.books.v1:
        - at: 1ms
          value: { instrument_id: BTCUSDT.BINANCE, symbol: BTCUSDT, quality: LIVE, sequence: 7, bid_px: 100, bid_qty: 5 }
    expect:
      market.nbbo.v1: [{ at: 1ms, value: { bid_px: 100 } }]
    expect_state:
      nbbo:
        BTCUSDT: {}
        ETHUSDT: null
`

describe('states at the end', () => {
  test('are there, or not', async () => {
    expect((await run(STATE)).differences).toEqual([])
    expect(
      (await run(STATE.replace('BTCUSDT: {}', 'BTCUSDT: null').replace('ETHUSDT: null', 'ETHUSDT: {}'))).differences,
    ).toMatchObject([
      { topic: 'nbbo', kind: 'state', line: 13, message: '`BTCUSDT` has a state, and none is expected' },
      {
        topic: 'nbbo',
        kind: 'state',
        line: 14,
        message: expect.stringMatching(/^`ETHUSDT` has no state; keys: BTCUSDT$/),
      },
    ])
  })

  test('are compared in the fields that are named', async () => {
    const { differences } = await run(STATE.replace('BTCUSDT: {}', 'BTCUSDT: { last: { bid_pxx: 1 } }'))
    const hint = 'did you mean `bid_px`?'
    expect(differences).toMatchObject([
      { kind: 'state', path: ['BTCUSDT', 'last', 'bid_pxx'], expected: 1, hint, line: 13, column: 37 },
    ])
  })

  test('are the same after a run that died', async () => {
    for (const seed of [1, 2, 3]) expect((await run(STATE, faultyGround(seed))).differences).toEqual([])
  })
})

test('coverage counts what tests touch, and names the rest', async () => {
  const meter = new CoverageMeter()
  for (const text of [ASKED, STATE]) {
    const { tests, options, topics } = await run(text)
    meter.note({ topology: path, test: tests.tests[0]!, stages: tests.stages, options }, topics)
  }
  const [coverage, ...others] = meter.result()
  expect(others).toEqual([])
  const { stages, ports, faults } = coverage!
  expect(stages.untouched).not.toContain('nbbo')
  expect(stages.all - stages.untouched.length).toBe(2)
  expect(ports.untouched.filter((port) => /^(nbbo|inference)/.test(port))).toEqual(['nbbo.events'])
  expect(faults.untouched).toContain('nbbo: INSTRUMENT_UNKNOWN')
  expect(coverage!.topology).toBe(path)
})

test('coverage is written a stage a line, with what is beyond tests and why', () => {
  expect(
    coverageText([
      {
        topology: 't.yaml',
        stages: { all: 2, untouched: ['a'] },
        ports: { all: 3, untouched: [] },
        faults: { all: 4, untouched: ['a: X', 'b: Y', 'a: Z'] },
        unreachable: [{ fault: 'b: W', because: 'a guard is in front' }],
      },
    ]),
  ).toBe(`coverage of t.yaml
  stages: 1 of 2 touched
    a
  ports: 3 of 3 touched
  faults: 1 of 4 touched
    a: X, Z
    b: Y
  beyond tests: b: W (a guard is in front)
`)
})

test('of a built-in stage only the faults count that its expressions can end in', () => {
  const text = readFileSync('tests/topology/builtin.yaml', 'utf8')
  const { topology } = lint(text, 'builtin.yaml', world)
  const meter = new CoverageMeter()
  meter.meet('builtin.yaml', topology!, world)
  const [{ faults }] = meter.result() as [Coverage]
  const of = (stage: string) => faults.untouched.filter((one) => one.startsWith(`${stage}: `))
  expect(of('tight')).toEqual([])
  expect(of('bars')).toEqual(['bars: FIELD_ABSENT', 'bars: VALUE_OUT_OF_RANGE'])
  expect(of('book-builder').length).toBeGreaterThan(0)
})

test('a topology that no test names is untouched', () => {
  const meter = new CoverageMeter()
  meter.meet(path, crypto.topology!, world)
  const [{ stages, ports, faults }] = meter.result() as [Coverage]
  for (const { all, untouched } of [stages, ports, faults]) expect(untouched).toHaveLength(all)
})
