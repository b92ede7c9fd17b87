import { expect, it } from 'vitest'
import type { Cluster } from '../../../connectors/kafka/cluster.ts'
import { PartitionReader } from '../../../connectors/kafka/reader.ts'

/** A cluster with one partition: a transaction was decided whose marker comes after `looks` looks. */
function lateMarker(looks: number): { cluster: Cluster; asked: string[] } {
  const asked: string[] = []
  const answer = { topic: 't', partition: 0, error_code: 0 }
  const request = async (_to: unknown, { name }: { name: string }, input: { isolation?: string }) => {
    if (name === 'DescribeProducers') {
      asked.push('producers')
      return { partitions: [{ ...answer, producers: [] }] }
    }
    const [{ partitions }] = (input as unknown as Asked).topics
    if (partitions[0]?.timestamp_ms === -2) return { partitions: [{ ...answer, offset: 0 }] }
    const marked = asked.filter((what) => what === 'producers').length >= looks
    return { partitions: [{ ...answer, offset: input.isolation === 'read_committed' && !marked ? 8 : 10 }] }
  }
  return { cluster: { leader: async () => 1, request } as unknown as Cluster, asked }
}

interface Asked {
  readonly topics: readonly [{ readonly partitions: readonly { readonly timestamp_ms: number }[] }]
}

it.each([0, 1, 3])('waits for a marker that comes after %i looks, and no longer', async (looks) => {
  const { cluster, asked } = lateMarker(looks)
  const reader = new PartitionReader(cluster, (topic) => topic)
  await reader.refresh([{ name: 't', partitions: 1 }], true)
  expect(reader.info('t', 0)).toMatchObject({ start_offset: 0, end_offset: 10 })
  expect(asked).toHaveLength(looks)
})
