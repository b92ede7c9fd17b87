import { readFileSync, writeFileSync } from 'node:fs'
import { isMap, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml'
import type { Difference } from '../../runtime/topology/test-compare.ts'

/**
 * Writes what there is into the expectations of a file of tests: of a record that is expected, the fields that differ;
 * one that there is not is taken away, one that is not expected is added whole. Comments, order and everything that
 * holds stay as they are. Nothing is written if nothing differs.
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
    for (const { kind, topic, index, path, actual } of differences) {
      if (kind === 'field' && path !== undefined) {
        document.setIn([...base, topic, index, ...path], document.createNode(actual))
      } else if (kind === 'state' && path !== undefined) {
        document.setIn(['tests', number, 'expect_state', topic, ...path], document.createNode(actual))
      } else if (kind === 'extra') {
        if (!isMap(document.getIn(base))) document.setIn(base, document.createNode({}))
        const list = document.getIn([...base, topic])
        if (isSeq(list)) {
          // `[]` is written in a line; what stands in it now would not fit there.
          if (list.items.length === 0) (list as YAMLSeq).flow = false
          list.add(document.createNode(actual))
        } else (document.getIn(base) as YAMLMap).set(topic, document.createNode([actual]))
      } else continue
      changed++
    }
    // From the last on: a place counts from the beginning.
    for (const { topic, index } of gone.sort((a, b) => b.index - a.index)) document.deleteIn([...base, topic, index])
    changed += gone.length
  }
  return { text: changed === 0 ? text : document.toString({ lineWidth: 0 }), changed }
}
