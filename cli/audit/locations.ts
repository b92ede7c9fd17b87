import type { Reader } from '../../runtime/api/index.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { Ranges } from './column.ts'
import { type Found, Pages } from './pages.ts'
import { scan } from './scan.ts'

/**
 * Where each record of a directory stands, by its id.
 *
 * One pass over the heads of all topics keeps per batch, producer and partition the range of sequence numbers: memory
 * follows the number of batches, not of records. Damaged batches are left out: what stood there is not found.
 */
export class Locations {
  /** Producer, then `topic/partition`. */
  private readonly producers = new Map<string, Map<string, Ranges>>()
  private readonly places = new Map<string, { topic: string; partition: number }>()
  private readonly pages: Pages
  /** Stretches that could not be read, `topic/partition@from`. */
  readonly damaged: string[] = []

  private constructor(reader: Reader) {
    this.pages = new Pages(reader)
  }

  static async build(reader: Reader, topology: Topology, progress: (records: number) => void): Promise<Locations> {
    const locations = new Locations(reader)
    let records = 0
    for (const [topic, { partitions }] of Object.entries(topology.topics)) {
      for (let partition = 0; partition < partitions; partition++) {
        records = await locations.add(reader, topic, partition, records, progress)
      }
    }
    return locations
  }

  private async add(
    reader: Reader,
    topic: string,
    partition: number,
    before: number,
    progress: (records: number) => void,
  ): Promise<number> {
    const place = `${topic}/${partition}`
    this.places.set(place, { topic, partition })
    const cursor = new RecordCursor()
    const spans = new Map<string, { first: number; last: number }>()
    let records = before
    for await (const stretch of scan(reader, topic, partition, reader.partition(topic, partition).end_offset)) {
      if ('damage' in stretch) {
        this.damaged.push(`${place}@${stretch.damage.from}`)
        continue
      }
      spans.clear()
      cursor.open(stretch.batch)
      while (cursor.next()) {
        const { producer, seq } = cursor
        const span = spans.get(producer)
        if (span === undefined) spans.set(producer, { first: seq, last: seq })
        else if (seq > span.last) span.last = seq
        else if (seq < span.first) span.first = seq
      }
      for (const [producer, { first, last }] of spans)
        this.ranges(producer, place).push(first, last, stretch.batch.base_offset)
      records += stretch.batch.records
      progress(records)
    }
    return records
  }

  private ranges(producer: string, place: string): Ranges {
    let places = this.producers.get(producer)
    if (places === undefined) {
      places = new Map()
      this.producers.set(producer, places)
    }
    let ranges = places.get(place)
    if (ranges === undefined) {
      ranges = new Ranges()
      places.set(place, ranges)
    }
    return ranges
  }

  /** Every record with this id: one, in sound data. */
  async find(producer: string, seq: number): Promise<Found[]> {
    const found: Found[] = []
    for (const [place, ranges] of this.producers.get(producer) ?? []) {
      const { topic, partition } = this.places.get(place) as { topic: string; partition: number }
      for (const base_offset of ranges.find(seq)) {
        const page = await this.pages.at(topic, partition, base_offset)
        found.push(...(page?.find(producer, seq) ?? []))
      }
    }
    return found
  }
}
