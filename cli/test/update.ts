import { readFileSync, writeFileSync } from 'node:fs'
import { isMap, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml'
import type { Difference } from '../../runtime/topology/test-compare.ts'

/**
 * Writes what there is into the expectations of a file of tests: of a record that is expected, the fields that differ;
 * one that there is not is taken away, one that is not expected is added whole. Every line whose content holds stays as
 * it was written, byte for byte, so that a diff shows what changed. Nothing is written if nothing differs.
 */
export interface FailedTest {
  /** Place of the test in its file, from 0. */
  readonly number: number
  readonly differences: readonly Difference[]
}

/** Answers how many expectations were changed. */
export function updateFile(file: string, failed: readonly FailedTest[]): number {
  const { text, changed } = updated(readFileSync(file, 'utf8'), failed)
  if (changed > 0) writeFileSync(file, text)
  return changed
}

export function updated(text: string, failed: readonly FailedTest[]): { text: string; changed: number } {
  const document = parseDocument(text)
  let changed = 0
  for (const { number, differences } of failed) {
    const base = ['tests', number, 'expect']
    const gone = differences.filter(({ kind, topic }) => kind === 'missing' && topic !== '')
    const come = differences.filter(({ kind }) => kind === 'extra')
    for (const { kind, topic, index, path, actual } of differences) {
      if (kind === 'field' && path !== undefined) {
        document.setIn([...base, topic, index, ...path], document.createNode(actual))
      } else if (kind === 'state' && path !== undefined) {
        const where = ['tests', number, 'expect_state', topic, ...path]
        if (actual === undefined) document.deleteIn(where)
        else document.setIn(where, document.createNode(actual))
      } else continue
      changed++
    }
    // From the last on: a place counts from the beginning.
    for (const { topic, index } of gone.sort((a, b) => b.index - a.index)) document.deleteIn([...base, topic, index])
    // From the first on, now that only those are left that there are: a place counts among all that there are.
    for (const { topic, index, actual } of come.sort((a, b) => a.index - b.index)) {
      if (!isMap(document.getIn(base))) document.setIn(base, document.createNode({}))
      const list = document.getIn([...base, topic])
      if (isSeq(list)) {
        // `[]` is written in a line; what stands in it now would not fit there.
        if (list.items.length === 0) (list as YAMLSeq).flow = false
        list.items.splice(index, 0, document.createNode(actual))
      } else (document.getIn(base) as YAMLMap).set(topic, document.createNode([actual]))
    }
    changed += gone.length + come.length
  }
  return { text: changed === 0 ? text : asWritten(text, document.toString({ lineWidth: 0 })), changed }
}

/**
 * `now` with the lines of `before` wherever they say the same: the printer has a style of its own. The longest common
 * subsequence of lines, compared without the spaces around brackets; other lines lose those that `before` never has.
 */
function asWritten(before: string, now: string): string {
  const old = before.split('\n')
  const made = now.split('\n')
  const [a, b] = [old.map(bare), made.map(bare)]
  const padded = before.includes('[ ')
  // longest[i][j]: lines in common of a from i on and b from j on.
  const longest = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1))
  const at = (i: number, j: number): number => longest[i]?.[j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    const row = longest[i] as Uint32Array
    for (let j = b.length - 1; j >= 0; j--)
      row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  }
  const lines: string[] = []
  for (let i = 0, j = 0; j < b.length; ) {
    if (i < a.length && a[i] === b[j]) {
      lines.push(old[i++] as string)
      j++
    } else if (i < a.length && at(i + 1, j) > at(i, j + 1)) i++
    else lines.push(padded ? (made[j++] as string) : tight(made[j++] as string))
  }
  return lines.join('\n')
}

const QUOTED = /("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')/

/** `[ 1, 2 ]` as `[1, 2]`, quoted text as it is. */
function tight(line: string): string {
  const parts = line.split(QUOTED)
  return parts.map((part, i) => (i % 2 === 1 ? part : part.replace(/\[ /g, '[').replace(/ \]/g, ']'))).join('')
}

/** A line without the spaces that printing may change. */
function bare(line: string): string {
  const parts = line.split(QUOTED)
  return parts.map((part, i) => (i % 2 === 1 ? part : part.replace(/ *([[\]{}]) */g, '$1'))).join('')
}
