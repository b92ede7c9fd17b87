import type { Reader } from '../../runtime/api/index.ts'
import { frontierOf } from '../../runtime/engine/replay.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { headOf } from './chain-check.ts'
import { OriginCheck } from './origin-check.ts'
import { scan } from './scan.ts'
import { chainCheck, readTrail, sealToCome, type TrailPlace, trailOf } from './trail.ts'
import type { Bad, Verified } from './verify-export.ts'

export interface VerifiedTopics extends Verified {
  /** Records of the topics that the trail covers and that are what it says. */
  readonly covered: number
  /** The youngest records of the sealed topics, whose mark of stream time has not come yet. */
  readonly not_sealed_yet: number
}

/**
 * Checks the trail of a directory and all topics under it: chains, and every range and record hashed again from the
 * topics as they stand. One pass over the trail and one over each topic side by side; memory does not grow.
 *
 * The topics' ends are taken before the trail's, so that it may be done beside a writer.
 */
export async function verifyTopics(
  reader: Reader,
  topology: Topology,
  progress: (records: number, of: number) => void = () => {},
): Promise<VerifiedTopics> {
  const place = trailOf(topology)
  const frontier_us = await frontierOf(reader)
  const origins = new Map<string, OriginCheck>()
  for (const topic of place.covered) {
    for (let partition = 0; partition < (topology.topics[topic]?.partitions ?? 0); partition++) {
      origins.set(`${topic}/${partition}`, new OriginCheck(reader, topic, partition))
    }
  }
  const ends = Array.from(
    { length: place.partitions },
    (_, partition) => reader.partition(place.topic, partition).end_offset,
  )
  const of = ends.reduce((sum, end) => sum + end, 0)
  const chains = chainCheck(reader, place)
  let records = 0
  const result = (first_bad: Bad | null): VerifiedTopics => {
    const all = [...origins.values()]
    const covered = all.reduce((sum, origin) => sum + origin.covered, 0)
    const not_sealed_yet = all.reduce((sum, origin) => sum + origin.not_sealed_yet, 0)
    return {
      records,
      head: first_bad === null ? headOf(chains.heads) : null,
      ok: first_bad === null,
      first_bad,
      covered,
      not_sealed_yet,
    }
  }
  for await (const { partition, offset, event, reason } of readTrail(reader, place, chains, ends)) {
    if (reason !== undefined || event === undefined)
      return result({ topic: place.topic, partition, offset, reason: reason ?? 'it cannot be read' })
    if (event.kind !== 'RUN') {
      const bad = await (origins.get(event.origin) as OriginCheck).claim(event)
      if (bad !== undefined) return result(bad)
    }
    records++
    progress(records, of)
  }
  for (const origin of origins.values()) {
    const bad = await origin.end((time_us) => sealToCome(place, origin.topic, time_us, frontier_us))
    if (bad !== undefined) return result(bad)
  }
  return result(await readable(reader, topology, place))
}

/** Topics that nothing vouches for must at least read. */
async function readable(reader: Reader, topology: Topology, place: TrailPlace): Promise<Bad | null> {
  for (const [topic, { partitions }] of Object.entries(topology.topics)) {
    if (place.covered.includes(topic) || topic === place.topic) continue
    for (let partition = 0; partition < partitions; partition++) {
      for await (const stretch of scan(reader, topic, partition, reader.partition(topic, partition).end_offset)) {
        if ('damage' in stretch) return { topic, partition, offset: stretch.damage.from, reason: stretch.damage.reason }
      }
    }
  }
  return null
}
