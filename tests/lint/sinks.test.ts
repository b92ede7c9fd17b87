import { expect, test } from 'vitest'
import { shippedWorld } from '../../cli/world.ts'
import { lint } from '../../runtime/topology/lint.ts'

const shipped = await shippedWorld()

/** Findings of a topology with this sink, as `COLUMN CODE message`, and the sink as it is resolved. */
function sinkOf(sink: string) {
  const text = `name: case
description: One feed.
owner: tests
sources:
  feed: { to: frames.v1 }
topics:
  frames.v1: { record: RawFrame, key: venue_symbol, partitions: 1, description: Frames. }
stages: {}
sinks:
  kept: ${sink}
`
  const { topology, all } = lint(text, 'case.yaml', shipped)
  return { found: all.map(({ column, code, message }) => `${column} ${code} ${message}`), sink: topology?.sinks?.kept }
}

test('a sink has the parameters of its kind, with their defaults', () => {
  expect(sinkOf('{ use: file, topics: [frames.v1], params: { folder: kept } }')).toEqual({
    found: [],
    sink: { use: 'file', topics: ['frames.v1'], params: { folder: 'kept', records_per_file: 10_000 } },
  })
})

test.each([
  ['{ topics: [frames.v1] }', ['3 MISSING_FIELD `kept` has no `use`']],
  ['{ use: file, topics: [frames.v1] }', ['3 MISSING_PARAMETER `file` has no `folder`']],
  [
    '{ use: file, topics: [frames.v1], params: { folder: x, per_file: 3 } }',
    ['64 UNKNOWN_PARAMETER `file` has no parameter `per_file`'],
  ],
  [
    '{ use: file, topics: [frames.v1], params: { folder: x, records_per_file: 0 } }',
    ['82 PARAMETER_INVALID `records_per_file` is 0, below 1'],
  ],
  ['{ use: files, topics: [frames.v1], params: { folder: x } }', ['16 UNKNOWN_SINK there is no sink `files`']],
  ['{ use: file, topics: [frame.v1], params: { folder: x } }', ['31 UNKNOWN_TOPIC there is no topic `frame.v1`']],
])('%s is refused', (sink, found) => {
  expect(sinkOf(sink).found).toEqual(found)
})
