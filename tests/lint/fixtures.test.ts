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
 * findings of a document are compared, so that a rule that adds one for the same problem is seen. What follows a line
 * `#@ overlay FILE` or `#@ include FILE` is that file; `#@ set NAME=VALUE` sets a variable.
 */

const folder = new URL('./fixtures/', import.meta.url)

function fileOf(code: string): string {
  return `${code.toLowerCase().replaceAll('_', '-')}.yaml`
}

const shipped = await shippedWorld()

/** Fixtures are short: of what has no description, only the one that is about it speaks. */
/** Fields that are called deprecated here, since none of the real ones is. */
const deprecated = [{ path: 'stages.*.max_faults', instead: 'write `dead_letters`' }]

interface Section {
  readonly kind: string
  readonly file: string
  readonly text: string
}

/** A document's own text, and the overlays and included files in it, each from its `#@ KIND FILE` on. */
function sectionsOf(text: string): Section[] {
  const [main = '', ...others] = text.split(/^#@ (?=overlay|include)/m)
  return [
    { kind: 'main', file: 'case.yaml', text: main },
    ...others.map((other) => {
      const [, kind = '', file = '', rest = ''] = /^(\w+) (\S+)\n([\s\S]*)$/.exec(other) ?? []
      return { kind, file, text: rest }
    }),
  ]
}

function findingsOf(text: string, code: LintCode) {
  const load = (path: string) => (existsSync(path) ? lint(readFileSync(path, 'utf8'), path, shipped) : undefined)
  if (/^tests:/m.test(text)) return parseTestFile(text, 'case.yaml', shipped, load).findings
  const sections = sectionsOf(text)
  const { all } = lint(sections[0]!.text, 'case.yaml', world, {
    overlays: sections.filter(({ kind }) => kind === 'overlay'),
    include: (path) => sections.find(({ kind, file }) => kind === 'include' && file === path),
    environment: Object.fromEntries(
      [...text.matchAll(/^#@ set (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
    ),
    deprecated,
  })
  return all.filter((finding) => code === 'DESCRIPTION_MISSING' || finding.code !== 'DESCRIPTION_MISSING')
}

function expectedOf(text: string) {
  const expected: unknown[] = []
  for (const { file, text: own } of sectionsOf(text)) {
    const lines = own.split('\n')
    lines.forEach((line, index) => {
      const match = /^#! (\d+) ([A-Z_]+) (.*)$/.exec(line)
      if (match === null) return
      const after = lines.findIndex((other, at) => at > index && !other.startsWith('#!'))
      const hint = lines[index + 1]!.replace(/^#! {3}/, '')
      const [, column, code, message] = match
      expected.push({ file, line: after + 1, column: Number(column), code, message, hint })
    })
  }
  return expected
}

describe('lint', () => {
  test('every code has a fixture, and every fixture a code', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(LINT_CODES).map(fileOf).sort())
  })

  describe.each(Object.keys(LINT_CODES) as LintCode[])('%s', (code) => {
    const documents = () => readFileSync(new URL(fileOf(code), folder), 'utf8').split(/^---\n/m)

    test('is found where it stands, once per problem', () => {
      const [bad = ''] = documents()
      const findings = findingsOf(bad, code)
      expect(findings.map((finding) => finding.code)).toContain(code)
      expect(findings).toEqual(expectedOf(bad))
    })

    test('is not found where it is not', () => {
      const [, good = ''] = documents()
      expect(findingsOf(good, code)).toEqual([])
    })
  })
})
