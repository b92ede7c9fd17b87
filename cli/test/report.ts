import type { Difference } from '../../runtime/topology/test-compare.ts'

/**
 * What came of topology tests, as people, scripts and build servers read it.
 *
 * `text`: a line per test; of one that fails, a field per block with what was expected and what there is. `json`: an
 * object a line. `junit`: one XML document at the end, a suite per file.
 */
export const TEST_FORMATS = ['text', 'json', 'junit'] as const
export type TestFormat = (typeof TEST_FORMATS)[number]

/** One topology test and what came of it. */
export interface Outcome {
  readonly file: string
  readonly line: number
  readonly name: string
  readonly ok: boolean
  readonly differences: readonly Difference[]
  /** Of all that the stages wrote: equal on every broker. */
  readonly sha256: string
}

export function outcomeText({ file, line, name, ok, differences }: Outcome, colour: boolean): string {
  const paint = (code: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)
  const lines = [`${ok ? paint(32, 'ok  ') : paint(31, 'FAIL')} ${file}:${line} ${name}`]
  let last = ''
  for (const one of differences) {
    const { line: at, column, path, expected, actual, hint } = one
    const place = placeText(one)
    const head = `       ${paint(1, place)}`
    if (place !== '' && head !== last) lines.push(head)
    last = head
    lines.push(
      `         ${path === undefined ? shortText(one) : `${pathText(path)}${lengthText(one)}`} (${file}:${at}:${column})`,
    )
    if (expected !== undefined) lines.push(`           ${paint(32, `- ${JSON.stringify(expected)}`)}`)
    if (actual !== undefined || path !== undefined) {
      const there = JSON.stringify(actual) ?? `nothing${hint === undefined ? '' : `; ${hint}`}`
      lines.push(`           ${paint(31, `+ ${there}`)}`)
    }
  }
  return `${lines.join('\n')}\n`
}

function placeText({ kind, topic, index }: Difference): string {
  return kind === 'state' ? `state of ${topic}` : topic === '' ? '' : `${topic}[${index}]`
}

/** The message without a whole record at its end. */
function shortText({ kind, message }: Difference): string {
  return kind === 'extra' ? message.replace(/, at \d.*$/s, '') : message
}

/** Two long lists are hard to compare by eye. */
function lengthText({ expected, actual }: Difference): string {
  if (!Array.isArray(expected) || !Array.isArray(actual)) return ''
  return `: ${actual.length} item${actual.length === 1 ? '' : 's'}, not ${expected.length}`
}

function pathText(path: readonly (string | number)[]): string {
  const parts = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
  return parts.join('').slice(1)
}

/** As Jenkins, GitLab and GitHub's readers of JUnit reports take it. */
export function junit(outcomes: readonly Outcome[]): string {
  const files = [...new Set(outcomes.map(({ file }) => file))]
  const failed = (some: readonly Outcome[]) => some.filter(({ ok }) => !ok).length
  const suites = files.map((file) => {
    const own = outcomes.filter((one) => one.file === file)
    const cases = own.map((one) => {
      const head = `    <testcase classname="${xml(file)}" name="${xml(one.name)}" file="${xml(file)}" line="${one.line}"`
      if (one.ok) return `${head}/>\n`
      const first = firstText(one)
      const all = outcomeText(one, false).split('\n').slice(1).join('\n')
      return `${head}>\n      <failure message="${xml(first)}">${xmlText(all)}</failure>\n    </testcase>\n`
    })
    const counts = `tests="${own.length}" failures="${failed(own)}" errors="0"`
    return `  <testsuite name="${xml(file)}" ${counts}>\n${cases.join('')}  </testsuite>\n`
  })
  const counts = `tests="${outcomes.length}" failures="${failed(outcomes)}" errors="0"`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="aitrader test" ${counts}>\n${suites.join('')}</testsuites>\n`
}

/** `market.nbbo.v1[0] bid_px is 100, not 101 (FILE:9:33), and 2 more`. */
function firstText({ file, differences }: Outcome): string {
  const [first, ...others] = differences
  if (first === undefined) return ''
  const more = others.length === 0 ? '' : `, and ${others.length} more`
  return `${placeText(first)} ${shortText(first)} (${file}:${first.line}:${first.column})${more}`.trimStart()
}

/** As the value of an attribute, which is one line. */
function xml(text: string): string {
  return xmlText(text).replaceAll('\n', '&#10;')
}

/** What XML 1.0 has no way to write becomes the sign for it. */
function xmlText(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
