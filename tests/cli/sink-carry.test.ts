import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadTopology } from '../../cli/compose.ts'
import type { Topics } from '../../cli/reading.ts'
import { carry } from '../../cli/sink/carry.ts'
import type { TopicRecord } from '../../cli/topic-record.ts'
import { newFolder } from './command.ts'

/** What a sink does about records that are not there any more. */

const topology = await loadTopology('topology/crypto.yaml')
const TOPIC = 'control.v1'
const OTHER = 'positions.v1'

/** A topic of one partition that holds these numbers. */
function topicsWith(numbers: readonly number[]): Topics {
  const record = (offset: number): TopicRecord => {
    return {
      topic: TOPIC,
      partition: 0,
      offset,
      stream_time_us: offset * 10,
      id: `control:${offset}`,
      key: 'k',
      value: {},
    }
  }
  return {
    run: { topology, source: null, seed: 1 },
    // Where nothing is left, the topic ends where it ended.
    extent: async () => ({ end_offsets: [(numbers.at(-1) ?? 8) + 1] }),
    async *read(_topic: string, from = 0) {
      for (const number of numbers) if (number >= from) yield record(number)
    },
  } as unknown as Topics
}

/** The topic, and one that never ends. */
function withEndless(numbers: readonly number[]): Topics {
  const { run, extent, read } = topicsWith(numbers)
  async function* follow(topic: string, from = 0) {
    if (topic === TOPIC) yield* read(topic, from)
    await new Promise<void>(() => {})
  }
  return { run, extent, read, follow } as unknown as Topics
}

function carried(folder: string, numbers: readonly number[]) {
  const params = { folder, records_per_file: 3 }
  const sink = { use: 'file', topics: [TOPIC], params, description: undefined }
  return carry(topicsWith(numbers), sink, { once: true, signal: new AbortController().signal, numbered: true })
}

test('begins with what is there, and goes on', async () => {
  const folder = join(newFolder(), 'sink')
  expect(await carried(folder, [4, 5, 6, 7])).toEqual({ [TOPIC]: 4 })
  expect(await carried(folder, [6, 7, 8])).toEqual({ [TOPIC]: 1 })
  expect(await carried(folder, [8])).toEqual({ [TOPIC]: 0 })
  // Retention took all that was carried, and only that.
  expect(await carried(folder, [])).toEqual({ [TOPIC]: 0 })
  expect(await carried(folder, [9, 10])).toEqual({ [TOPIC]: 2 })
})

test.each([
  ['retention took the last one and more', [9, 10]],
  ['another run is shorter', [1, 2]],
  ['retention overtook it on its way', [7, 8, 11]],
])('leaves nothing out silently: %s', async (_what, numbers) => {
  const folder = join(newFolder(), 'sink')
  await carried(folder, [4, 5, 6, 7])
  await expect(carried(folder, numbers)).rejects.toMatchObject({ code: 'SINK_BEHIND', exit_code: 3 })
})

test('ends as a whole where one of its topics fails, and lets go of the folders of all', async () => {
  const folder = join(newFolder(), 'sink')
  await carried(folder, [4, 5, 6, 7])
  const sink = { use: 'file', topics: [TOPIC, OTHER], params: { folder, records_per_file: 3 }, description: undefined }
  const { signal } = new AbortController()
  const following = carry(withEndless([9, 10]), sink, { once: false, signal, numbered: true })
  await expect(following).rejects.toMatchObject({ code: 'SINK_BEHIND' })
  const again = carry(topicsWith([]), { ...sink, topics: [OTHER] }, { once: true, signal, numbered: true })
  expect(await again).toEqual({ [OTHER]: 0 })
})
