import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { shippedWorld } from '../../cli/world.ts'
import { LINT_CODES, type LintCode } from '../../runtime/topology/codes.ts'
import { lint } from '../../runtime/topology/lint.ts'
import { parseTestFile } from '../../runtime/topology/test-file.ts'
import { world } from './world.ts'

/**
 * One file per code, two documents in it: the first has the problem, the second does not.
 *
 * What is expected stands in comments before the line it speaks of: `#! COLUMN CODE message`, then `#!   hint`. All
 * findings of a document are compared, so that a rule that adds one for the same problem is seen.
 */

const folder = new URL('./fixtures/', import.meta.url)

function fileOf(code: string): string {
  return `${code.toLowerCase().replaceAll('_', '-')}.yaml`
}

const shipped = await shippedWorld()

/** Fixtures are short: of what has no description, only the one that is about it speaks. */
function findingsOf(text: string, code: LintCode) {
  const load = (path: string) => (existsSync(path) ? lint(readFileSync(path, 'utf8'), path, shipped) : undefined)
  const found = /^tests:/m.test(text)
    ? parseTestFile(text, 'case.yaml', shipped, load).findings
    : lint(text, 'case.yaml', world).all
  return found.filter((finding) => finding.code !== 'DESCRIPTION_MISSING' || code === 'DESCRIPTION_MISSING')
}

function expectedOf(text: string) {
  const lines = text.split('\n')
  const expected: unknown[] = []
  lines.forEach((line, index) => {
    const match = /^#! (\d+) ([A-Z_]+) (.*)$/.exec(line)
    if (match === null) return
    const after = lines.findIndex((other, at) => at > index && !other.startsWith('#!'))
    const hint = lines[index + 1]!.replace(/^#! {3}/, '')
    const [, column, code, message] = match
    expected.push({ file: 'case.yaml', line: after + 1, column: Number(column), code, message, hint })
  })
  return expected
}

describe('lint', () => {
  test('every code has a fixture, and every fixture a code', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(LINT_CODES).map(fileOf).sort())
  })

  describe.each(Object.keys(LINT_CODES) as LintCode[])('%s', (code) => {
    const [bad = '', good = ''] = readFileSync(new URL(fileOf(code), folder), 'utf8').split(/^---\n/m)

    test('is found where it stands, once per problem', () => {
      const findings = findingsOf(bad, code)
      expect(findings.map((finding) => finding.code)).toContain(code)
      expect(findings).toEqual(expectedOf(bad))
    })

    test('is not found where it is not', () => {
      expect(findingsOf(good, code)).toEqual([])
    })
  })
})
