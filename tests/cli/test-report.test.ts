import { describe, expect, test } from 'vitest'
import { junit, type Outcome, outcomeText } from '../../cli/test/report.ts'
import { updated } from '../../cli/test/update.ts'
import type { Difference } from '../../runtime/topology/test-compare.ts'

const field: Difference = {
  topic: 'a.v1',
  index: 1,
  line: 9,
  column: 33,
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
  column: 5,
  kind: 'extra',
  message: 'not expected here, but in line 7, at 0 us: {"x":1}',
  actual: { at: '0ms', value: { x: 1 } },
}
const missing: Difference = {
  topic: 'a.v1',
  index: 2,
  line: 10,
  column: 11,
  kind: 'missing',
  message: 'expected here, and there are none',
  expected: { at: '0ms', value: { x: 2 } },
}
const outcome = (ok: boolean, differences: readonly Difference[], name = 'a <b> & "c"\u0001'): Outcome => {
  return { file: 'x.test.yaml', line: 3, name, ok, differences, sha256: 'ab' }
}

describe('a test that fails', () => {
  test('says field by field what was expected and what there is', () => {
    expect(
      outcomeText(outcome(false, [field, { ...at, line: 9 }, missing, extra], 'a'), false),
    ).toBe(`FAIL x.test.yaml:3 a
       a.v1[1]
         value.levels[0].px (x.test.yaml:9:33)
           - 5
           + 6
         at (x.test.yaml:9:33)
           - "1ms"
           + "2ms"
       a.v1[2]
         expected here, and there are none (x.test.yaml:10:11)
           - {"at":"0ms","value":{"x":2}}
       b.v1[0]
         not expected here, but in line 7 (x.test.yaml:3:5)
           + {"at":"0ms","value":{"x":1}}
`)
  })

  test('says how long a list is, and what a field could have been', () => {
    const list: Difference = { ...field, path: ['value', 'bids'], expected: [1, 2], actual: [1] }
    const { actual: _, ...gone } = field
    expect(outcomeText(outcome(false, [list, { ...gone, hint: 'did you mean `py`?' }], 'a'), false)).toBe(
      `FAIL x.test.yaml:3 a
       a.v1[1]
         value.bids: 1 item, not 2 (x.test.yaml:9:33)
           - [1,2]
           + [1]
         value.levels[0].px (x.test.yaml:9:33)
           - 5
           + nothing; did you mean \`py\`?
`,
    )
  })

  test('is in colour only where asked', () => {
    expect(outcomeText(outcome(true, [], 'a'), true)).toBe('\u001b[32mok  \u001b[0m x.test.yaml:3 a\n')
    expect(outcomeText(outcome(false, [field], 'a'), true)).toContain('\u001b[31m+ 6\u001b[0m')
  })

  test('is a failure in the report of JUnit, with nothing in it that XML cannot say', () => {
    expect(
      junit([outcome(true, [], 'fine'), outcome(false, [missing, extra])]),
    ).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="aitrader test" tests="2" failures="1" errors="0">
  <testsuite name="x.test.yaml" tests="2" failures="1" errors="0">
    <testcase classname="x.test.yaml" name="fine" file="x.test.yaml" line="3"/>
    <testcase classname="x.test.yaml" name="a &lt;b&gt; &amp; &quot;c&quot;\ufffd" file="x.test.yaml" line="3">
      <failure message="a.v1[2] expected here, and there are none (x.test.yaml:10:11), and 1 more">       a.v1[2]
         expected here, and there are none (x.test.yaml:10:11)
           - {&quot;at&quot;:&quot;0ms&quot;,&quot;value&quot;:{&quot;x&quot;:2}}
       b.v1[0]
         not expected here, but in line 7 (x.test.yaml:3:5)
           + {&quot;at&quot;:&quot;0ms&quot;,&quot;value&quot;:{&quot;x&quot;:1}}
</failure>
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

  test('a field that no state has is taken away', () => {
    const gone: Difference = { ...field, topic: 's', kind: 'state', path: ['key', 'n'] }
    const { actual: _, ...absent } = gone
    expect(updated(TEXT, [{ number: 1, differences: [absent] }]).text).toContain('      s:\n        key: {}\n')
  })

  test('not at all where nothing can be', () => {
    const other: Difference = { ...missing, topic: '', message: 'other records than without faults' }
    expect(updated(TEXT, [{ number: 1, differences: [other] }])).toEqual({ changed: 0, text: TEXT })
    expect(updated(TEXT, [])).toEqual({ changed: 0, text: TEXT })
  })
})
