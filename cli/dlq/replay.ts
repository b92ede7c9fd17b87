import { AppError, Arena, parseRecordId, type RecordType } from '../../runtime/api/index.ts'
import type { Order } from '../../runtime/engine/run.ts'
import type { Plan } from '../../runtime/plan/plan.ts'
import { type DeadLetter, type Redelivery, records } from '../../schemas/generated/index.ts'
import { readRecords, type Topics } from '../reading.ts'
import { refuseMisplaced } from './redelivery.ts'

/** Which dead letters are sent through their stages again. */
export interface Choice {
  /** Where the letter stands; undefined: all that the rest allows. */
  readonly offset: number | undefined
  readonly partition: number
  readonly topic: string | undefined
  readonly stage: string | undefined
  readonly code: string | undefined
  /** Those that were sent once already, too. */
  readonly again: boolean
}

/** A letter, and why it is left out if it is. */
export interface Chosen {
  readonly letter_id: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly letter: DeadLetter
  readonly order: Order | undefined
  readonly left_out: string | undefined
}

interface Open {
  readonly id: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly letter: DeadLetter
}

/**
 * The letters that a choice names, in their order, each with what sends it through its stage again. The refused record's
 * own bytes are looked up where it stands; where retention dropped it, those in the letter do, except of a RawFrame,
 * whose letter holds its payload only.
 */
export async function chooseLetters(topics: Topics, plan: Plan, choice: Choice, actor: string): Promise<Chosen[]> {
  const sent = new Set<string>()
  const redelivered = new Map<string, Redelivery>()
  for await (const { id, value } of readRecords(topics, 'Redelivery')) {
    sent.add((value as Redelivery).letter_id)
    redelivered.set(id, value as Redelivery)
  }
  const open: Open[] = []
  for await (const { id, topic, partition, offset, value } of readRecords(topics, 'DeadLetter')) {
    const letter = value as DeadLetter
    if (choice.topic !== undefined && choice.topic !== topic) continue
    if (choice.offset !== undefined && (choice.offset !== offset || choice.partition !== partition)) continue
    if (choice.stage !== undefined && choice.stage !== letter.stage) continue
    if (choice.code !== undefined && choice.code !== letter.code) continue
    open.push({ id, topic, partition, offset, letter })
  }
  const wanted = open.filter(({ id, letter }) => (choice.again || !sent.has(id)) && letter.origin_topic !== '')
  const originals = await originalsOf(topics, wanted)
  return open.map(({ id, letter, ...place }) => {
    const result = { letter_id: id, letter, ...place }
    const leave = (left_out: string): Chosen => ({ ...result, order: undefined, left_out })
    if (!choice.again && sent.has(id)) return leave('it was sent through again before')
    if (letter.origin_topic === '') return leave('a timer or an answer was refused, which is no record')
    const bytes = redelivered.get(letter.origin_id)?.bytes ?? originals.get(letter.origin_id) ?? bytesOf(letter)
    if (bytes === undefined) return leave('retention has dropped the record, and the letter holds its payload only')
    const { stage, origin_id, origin_topic, origin_partition, record } = letter
    const value: Redelivery = { stage, letter_id: id, origin_id, origin_topic, origin_partition, record, bytes, actor }
    try {
      refuseMisplaced(plan, value)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return leave(error.message)
    }
    return { ...result, order: { source: 'redelivery', value, position: null, cause: origin_id }, left_out: undefined }
  })
}

/** Avro bodies of refused records where they stand, by id; one pass over each partition that holds any. */
async function originalsOf(topics: Topics, open: readonly Open[]): Promise<Map<string, Uint8Array>> {
  const wanted = new Map<string, Set<string>>()
  for (const { letter } of open) {
    if (parseRecordId(letter.origin_id)?.producer === 'redelivery') continue
    const place = `${letter.origin_topic}/${letter.origin_partition}`
    const ids = wanted.get(place) ?? new Set<string>()
    wanted.set(place, ids.add(letter.origin_id))
  }
  const found = new Map<string, Uint8Array>()
  for (const [place, ids] of wanted) {
    const at = place.lastIndexOf('/')
    const topic = place.slice(0, at)
    const type = records[topics.run.topology.topics[topic]?.record ?? '']
    if (type === undefined) continue
    for await (const { id, value } of topics.read(topic, 0, Number(place.slice(at + 1)))) {
      if (!ids.delete(id)) continue
      found.set(id, encoded(type as RecordType<unknown>, value))
      if (ids.size === 0) break
    }
  }
  return found
}

function encoded(type: RecordType<unknown>, value: unknown): Uint8Array {
  const arena = new Arena(1024)
  type.encode(value, arena)
  return Uint8Array.from(arena.bytes())
}

/** What the letter holds, if that is all of the record. */
function bytesOf({ record, bytes }: DeadLetter): Uint8Array | undefined {
  return record === 'RawFrame' ? undefined : bytes
}
