import type { RecordType } from '../../runtime/api/index.ts'
import { BlockDigest, canonicalRecords, canonicalRuns, topicDigest } from '../../runtime/api/log.ts'
import { Feed } from '../../runtime/engine/feed.ts'
import type { FrontierType } from '../../runtime/engine/frontiers.ts'
import { type PlannedTopic, producerNumbers } from '../../runtime/plan/plan.ts'
import { FrontierMark } from '../../schemas/generated/index.ts'
import type { TopicExtent, TopicRecord } from '../topic-record.ts'
import type { Deployed } from './open.ts'

/**
 * Records of a topic of a deployment, partition by partition (or of `only` one), from number `from` of each: in canonical
 * order, numbered from 0 as one process would have numbered them. Everything committed now, then ends; behind what the
 * slowest writer of a partition has passed, numbers may still change.
 */
export async function* deployedRecords(
  { broker, codecs, plan }: Deployed,
  topic: PlannedTopic,
  from: number,
  only: number | undefined,
): AsyncGenerator<TopicRecord> {
  const { name, partitions, record } = topic
  await broker.refresh()
  for (let partition = only ?? 0; partition < (only === undefined ? partitions : only + 1); partition++) {
    let offset = broker.partition(name, partition).start_offset
    for await (const one of canonicalRecords(broker, name, partition, plan.producers)) {
      if (offset >= from) {
        const { batch, body, stream_time_us, id, key } = one
        await codecs.prepare(batch.schema_id)
        const value = codecs.get(batch.schema_id, record as RecordType<unknown>)(body, 0, body.length)
        yield { topic: name, partition, offset, stream_time_us, id, key, value }
      }
      offset++
    }
  }
}

/**
 * The same as they come, for ever: a record appears when every writer of its partition has passed its stream time, so
 * that neither its place nor its number changes any more.
 */
export async function* followDeployed(
  { broker, codecs, plan, lanes }: Deployed,
  topic: PlannedTopic,
  from: number,
): AsyncGenerator<TopicRecord> {
  const partitions = Array.from({ length: topic.partitions }, (_, partition) => ({
    topic,
    partition,
    passed_us: -1,
    index: broker.partition(topic.name, partition).start_offset,
  }))
  const mark = FrontierMark as FrontierType
  const feed = await Feed.open({ broker, lanes, mark, producers: producerNumbers(plan), codecs, partitions })
  try {
    for (;;) {
      feed.pump()
      const records: TopicRecord[] = []
      while (feed.next_us <= feed.frontier_us && records.length < 1_000) {
        feed.release(feed.next_us, ({ partition, offset, stream_time_us, producer, seq, key, value }) => {
          if (offset < from) return
          const id = `${plan.producers[producer]}:${seq}`
          records.push({ topic: topic.name, partition, offset, stream_time_us, id, key, value })
        })
      }
      yield* records
      if (records.length === 0 && feed.next_us > feed.frontier_us) await feed.ready()
    }
  } finally {
    await feed.close()
  }
}

/** What a topic holds now; without a digest where retention has cut it. */
export async function deployedExtent(
  { broker, plan }: Deployed,
  { name, partitions }: PlannedTopic,
): Promise<TopicExtent> {
  const start_offsets: number[] = []
  const end_offsets: number[] = []
  const chains: Buffer[] = []
  let records = 0
  for (let partition = 0; partition < partitions; partition++) {
    const { start_offset } = broker.partition(name, partition)
    const digest = new BlockDigest()
    let count = 0
    for await (const run of canonicalRuns(broker, name, partition, plan.producers)) {
      const { buffer, byteOffset } = run.batch.bodies
      digest.add(Buffer.from(buffer, byteOffset + run.bodies_start, run.bodies_end - run.bodies_start), run.records)
      count += run.records
    }
    chains.push(digest.current())
    start_offsets.push(start_offset)
    end_offsets.push(start_offset + count)
    records += count
  }
  const cut = start_offsets.some((start) => start > 0)
  return { start_offsets, end_offsets, records, sha256: cut ? undefined : topicDigest(chains) }
}
