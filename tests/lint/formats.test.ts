import { describe, expect, test } from 'vitest'
import { formatOutcome } from '../../cli/lint/formats.ts'
import { type Finding, LINT_CODES } from '../../runtime/topology/codes.ts'

const findings: Finding[] = [
  { file: 'a,b:c%.yaml', line: 3, column: 5, code: 'WRONG_TYPE', message: '50 %\r\nor more', hint: 'a: b, c' },
  { file: './a b.yaml', line: 1, column: 1, code: 'TOPIC_UNREAD', message: 'nobody reads `x`', hint: 'drop it' },
]
const write = (format: 'text' | 'json' | 'github' | 'sarif', all = findings) =>
  formatOutcome({ files: ['a.yaml'], findings: all }, format, false, '1.2.3')

describe('findings', () => {
  test('as text end with how many there are', () => {
    expect(write('text').split('\n').at(-2)).toBe('a.yaml: 2 findings, 1 of them warnings')
    expect(write('text', [findings[1]!]).split('\n').at(-2)).toBe('a.yaml: 1 finding, only warnings')
    expect(write('text', [])).toBe('a.yaml: no findings\n')
  })

  test('as workflow commands have everything escaped that would end a part', () => {
    expect(write('github')).toBe(
      '::error file=a%2Cb%3Ac%25.yaml,line=3,col=5,title=WRONG_TYPE::50 %25%0D%0Aor more%0Aa: b, c\n' +
        '::warning file=./a b.yaml,line=1,col=1,title=TOPIC_UNREAD::nobody reads `x`%0Adrop it\n',
    )
    expect(write('github', [])).toBe('')
  })

  test('as json are an object a line', () => {
    expect(
      write('json')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(findings)
  })

  test('as SARIF are a log with all that 2.1.0 requires', () => {
    expect(JSON.parse(write('sarif'))).toEqual({
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              name: 'aitrader lint',
              semanticVersion: '1.2.3',
              rules: [
                {
                  id: 'TOPIC_UNREAD',
                  shortDescription: { text: LINT_CODES.TOPIC_UNREAD },
                  defaultConfiguration: { level: 'warning' },
                },
                {
                  id: 'WRONG_TYPE',
                  shortDescription: { text: LINT_CODES.WRONG_TYPE },
                  defaultConfiguration: { level: 'error' },
                },
              ],
            },
          },
          columnKind: 'utf16CodeUnits',
          results: [
            {
              ruleId: 'WRONG_TYPE',
              ruleIndex: 1,
              level: 'error',
              message: { text: '50 %\r\nor more: a: b, c' },
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'a%2Cb%3Ac%25.yaml' },
                    region: { startLine: 3, startColumn: 5 },
                  },
                },
              ],
            },
            {
              ruleId: 'TOPIC_UNREAD',
              ruleIndex: 0,
              level: 'warning',
              message: { text: 'nobody reads `x`: drop it' },
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'a%20b.yaml' },
                    region: { startLine: 1, startColumn: 1 },
                  },
                },
              ],
            },
          ],
        },
      ],
    })
    expect(JSON.parse(write('sarif', [])).runs[0].results).toEqual([])
  })
})
