import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadTopology, ROOT } from '../../cli/compose.ts'
import { changeOf } from '../../cli/rescale/change.ts'
import type { Topology } from '../../runtime/topology/types.ts'

const ran = await loadTopology(join(ROOT, 'topology/crypto.yaml'))

function withPartitions(partitions: Readonly<Record<string, number>>): Topology {
  const topics = { ...ran.topics }
  for (const [name, count] of Object.entries(partitions)) topics[name] = { ...topics[name]!, partitions: count }
  return { ...ran, topics }
}

const raised = { 'market.events.v1': 6, 'market.books.v1': 6 }

describe('what a rescale changes', () => {
  test('is every topic with another count', () => {
    expect(changeOf(ran, withPartitions(raised), 'market.books.v1', 6)).toEqual([
      { topic: 'market.events.v1', from: 4, to: 6 },
      { topic: 'market.books.v1', from: 4, to: 6 },
    ])
  })

  test('is not how the topology runs', () => {
    const file = { ...withPartitions(raised), kafka: { ...ran.kafka!, commit_interval_ms: 7 } }
    expect(changeOf(ran, file, 'market.events.v1', 6)).toHaveLength(2)
  })

  test.each([
    ['RESCALE_MISMATCH', 'the file says another count', withPartitions(raised), 8],
    ['RESCALE_MISMATCH', 'the file does not have the topic', { ...ran, topics: {} }, 6],
    ['NOTHING_TO_RESCALE', 'nothing differs', ran, 4],
    ['RESCALE_MIXED', 'the file differs in more', { ...withPartitions(raised), end_drain_ms: 1 }, 6],
    ['PARTITIONS_SHRINK', 'a count is lower', withPartitions({ 'market.events.v1': 2 }), 2],
  ] as const)('%s if %s', (code, _why, file, partitions) => {
    expect(() => changeOf(ran, file, 'market.events.v1', partitions)).toThrow(expect.objectContaining({ code }))
  })
})
