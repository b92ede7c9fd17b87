import type { Reader } from '../api/broker.ts'
import type { LanePlan } from '../plan/lanes.ts'
import type { Plan } from '../plan/plan.ts'
import { FRONTIERS } from './frontiers.ts'
import { JOURNAL } from './journal.ts'
import type { Marks } from './marks.ts'

/**
 * From where on the partitions of a plan of lanes must be kept, given what the lanes say they need: the input of
 * `Broker.trim`. Partitions that `mine` (lanes that run here) do not write are kept whole: their writers see to them.
 */
export async function neededOffsets(
  broker: Reader,
  { topics }: Plan,
  { lanes, writers }: LanePlan,
  marks: Marks,
  mine: ReadonlySet<number>,
): Promise<ReadonlyMap<string, number>> {
  const keep = new Map<string, number>()
  const needed = (lane: number) => marks.standing.get(lane)?.needed_us ?? -1
  const from = async (topic: string, partition: number, passed_us: number) => {
    const offset = passed_us < 0 ? 0 : await broker.offsetAt(topic, partition, passed_us)
    keep.set(`${topic}/${partition}`, offset)
  }
  const least = Math.min(...lanes.map(({ number }) => needed(number)))
  for (const lane of lanes) {
    const own = mine.has(lane.number)
    for (const { producer } of lane.tasks) await from(JOURNAL, producer, own ? needed(lane.number) : -1)
    // A source's last entry is its position, however old it is.
    for (const { producer } of lane.sources) keep.set(`${JOURNAL}/${producer}`, 0)
    await from(FRONTIERS, lane.number, own ? least : -1)
  }
  for (const topic of topics) {
    for (let partition = 0; partition < topic.partitions; partition++) {
      const [first] = writers(topic, partition)
      const readers = lanes.filter(({ tasks }) =>
        tasks.some(({ inputs }) => inputs.some((input) => input.topic === topic && input.partition === partition)),
      )
      const passed_us = Math.min(marks.frontier_us, ...readers.map(({ number }) => needed(number)))
      await from(topic.name, partition, first !== undefined && mine.has(first) ? passed_us : -1)
    }
  }
  return keep
}
