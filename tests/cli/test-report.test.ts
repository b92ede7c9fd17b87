import { describe, expect, test } from 'vitest'
import { junit, type Outcome, outcomeText } from '../../cli/test/report.ts'
import { updated } from '../../cli/test/update.ts'
import type { Difference } from '../../runtime/topology/test-compare.ts'

const field: Difference = {
  topic: 'a.v1',
  index: 1,
  line: 9,
  kind: 'field',
  path: ['value', 'levels', 0, 'px'],
  expected: 5,
  actual: 6,
  message: 'levels[0].px is 6, not 5',
}
const at: Difference = { ...field, path: ['at'], expected: '1ms', actual: '2ms', message: 'at 2000 us, not 1000 us' }
const extra: Difference = {
  topic: 'b.v1',
  index: 0,
  line: 3,
  kind: 'extra',
  message: 'not expected, at 0 us: {"x":1}',
  actual: { at: '0ms', value: { x: 1 } },
}
const missing: Difference = { topic: 'a.v1', index: 2, line: 10, kind: 'missing', message: 'expected, and there are 2' }
const outcome = (ok: boolean, differences: readonly Difference[], name = 'a <b> & "c"\u0001'): Outcome => {
  return { file: 'x.test.yaml', line: 3, name, ok, differences, sha256: 'ab' }
}

describe('a test that fails', () => {
  test('says field by field what was expected and what there is', () => {
    expect(
      outcomeText(outcome(false, [field, { ...at, line: 9 }, missing, extra], 'a'), false),
    ).toBe(`FAIL x.test.yaml:3 a
       a.v1[1] (x.test.yaml:9)
         value.levels[0].px
           - 5
           + 6
         at
           - "1ms"
           + "2ms"
       a.v1[2] (x.test.yaml:10)
         expected, and there are 2
       b.v1[0] (x.test.yaml:3)
         not expected, at 0 us: {"x":1}
`)
  })

  test('is in colour only where asked', () => {
    expect(outcomeText(outcome(true, [], 'a'), true)).toBe('\u001b[32mok  \u001b[0m x.test.yaml:3 a\n')
    expect(outcomeText(outcome(false, [field], 'a'), true)).toContain('\u001b[31m+ 6\u001b[0m')
  })

  test('is a failure in the report of JUnit, with nothing in it that XML cannot say', () => {
    expect(junit([outcome(true, [], 'fine'), outcome(false, [missing])])).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="aitrader test" tests="2" failures="1" errors="0">
  <testsuite name="x.test.yaml" tests="2" failures="1" errors="0">
    <testcase classname="x.test.yaml" name="fine" file="x.test.yaml" line="3"/>
    <testcase classname="x.test.yaml" name="a &lt;b&gt; &amp; &quot;c&quot;\ufffd" file="x.test.yaml" line="3">
      <failure message="expected, and there are 2">       a.v1[2] (x.test.yaml:10)&#10;         expected, and there are 2&#10;</failure>
    </testcase>
  </testsuite>
</testsuites>
`)
  })
})

describe('expectations are rewritten', () => {
  const TEXT = `# Why these tests are there.
topology: t.yaml
stages: [s] # One of them.
tests:
  - name: first
    given: {}
    expect: {}
  - name: second
    given: {}
    expect:
      # The second book counts.
      a.v1:
        - { at: 0ms, value: { levels: [] } }
        - { at: 1ms, value: { levels: [{ px: 5 }], more: x } } # Later.
        - { at: 5ms, value: {} }
    expect_state:
      s:
        key: { n: 1 }
`

  test('where they differ, and comments stay', () => {
    const state: Difference = { ...field, topic: 's', kind: 'state', path: ['key', 'n'], actual: 2 }
    expect(updated(TEXT, [{ number: 1, differences: [field, at, missing, extra, state] }])).toEqual({
      changed: 5,
      text: TEXT.replace('{ at: 1ms, value: { levels: [{ px: 5 }]', '{ at: 2ms, value: { levels: [{ px: 6 }]')
        .replace(
          '        - { at: 5ms, value: {} }\n',
          '      b.v1:\n        - at: 0ms\n          value:\n            x: 1\n',
        )
        .replace('n: 1', 'n: 2'),
    })
  })

  test('in a test that expected nothing', () => {
    const { text } = updated(TEXT, [{ number: 0, differences: [extra] }])
    expect(text).toContain('    expect: { b.v1: [{ at: 0ms, value: { x: 1 } }] }\n')
  })

  test('not at all where nothing can be', () => {
    const other: Difference = { ...missing, topic: '', message: 'other records than without faults' }
    expect(updated(TEXT, [{ number: 1, differences: [other] }])).toEqual({ changed: 0, text: TEXT })
    expect(updated(TEXT, [])).toEqual({ changed: 0, text: TEXT })
  })
})
