import { Value } from 'typebox/value'
import { auditSink, sealedRecords } from '../../processors/audit-sink/index.ts'
import { AppError, type Reader, type StoredBatch } from '../../runtime/api/index.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { schemaId } from '../../schemas/framing.ts'
import { AuditEvent } from '../../schemas/generated/index.ts'
import { ChainCheck } from './chain-check.ts'
import { scan } from './scan.ts'

/** Where a topology keeps its audit trail, and of which partitions it speaks. */
export interface TrailPlace {
  readonly topic: string
  readonly partitions: number
  /** Topics under audit, in the order of the topology. */
  readonly covered: readonly string[]
  readonly origins: readonly string[]
  /** Those of them whose records are sealed by ranges. */
  readonly sealed: readonly string[]
  /** Stream time between marks at which open ranges are sealed, microseconds. */
  readonly seal_every_us: number
}

/** `NO_AUDIT` (exit 2) if the topology has no audit sink. */
export function trailOf(topology: Topology): TrailPlace {
  const stage = Object.values(topology.stages).find(({ use }) => use === 'audit-sink')
  const topic = stage?.to.audit
  if (stage === undefined || topic === undefined) {
    throw new AppError('NO_AUDIT', `the topology ${topology.name} has no audit-sink that writes a trail`, {
      exit_code: 2,
      hint: 'add a stage that uses audit-sink, as topology/crypto.yaml has one',
    })
  }
  const inputs = new Set(Object.values(stage.from).map((input) => input.topic))
  const covered = Object.keys(topology.topics).filter((name) => inputs.has(name))
  const origins = covered.flatMap((name) =>
    Array.from({ length: partitionsOf(topology, name) }, (_, i) => `${name}/${i}`),
  )
  const sealed = covered.filter((name) => sealedRecords.includes(topology.topics[name]?.record ?? ''))
  const params = Value.Default(auditSink.params, structuredClone(stage.params)) as { seal_every_ms: number }
  const seal_every_us = params.seal_every_ms * 1000
  return { topic, partitions: partitionsOf(topology, topic), covered, origins, sealed, seal_every_us }
}

/** Whether the mark of stream time that seals a record of this time at the latest is still to come. */
export function sealToCome(
  { sealed, seal_every_us }: TrailPlace,
  topic: string,
  time_us: number,
  frontier_us: number,
): boolean {
  return sealed.includes(topic) && (Math.floor(time_us / seal_every_us) + 1) * seal_every_us > frontier_us
}

function partitionsOf(topology: Topology, topic: string): number {
  return topology.topics[topic]?.partitions ?? 0
}

/** One event of the trail where it stands; undefined `event` where there is none that could be read. */
export interface TrailEntry {
  readonly partition: number
  readonly offset: number
  /** Id of the record that holds it. */
  readonly id: string
  readonly body: Uint8Array
  readonly event: AuditEvent | undefined
  readonly reason: string | undefined
}

/** The whole trail in order, each event checked against its chain. `to`: end offsets by partition, the durable ones by default. */
export async function* readTrail(
  reader: Reader,
  place: TrailPlace,
  check: ChainCheck,
  to?: readonly number[],
): AsyncGenerator<TrailEntry> {
  const cursor = new RecordCursor()
  for (let partition = 0; partition < place.partitions; partition++) {
    const end = to?.[partition] ?? reader.partition(place.topic, partition).end_offset
    for await (const stretch of scan(reader, place.topic, partition, end)) {
      if ('damage' in stretch) {
        const { from: offset, reason } = stretch.damage
        yield { partition, offset, id: '', body: new Uint8Array(0), event: undefined, reason }
        continue
      }
      refuseOther(place.topic, stretch.batch)
      cursor.open(stretch.batch)
      while (cursor.next() && cursor.offset < end) {
        const body = cursor.body()
        const { event, ...found } = check.next(body, cursor.key())
        const reason = 'reason' in found ? found.reason : undefined
        yield { partition, offset: cursor.offset, id: cursor.id, body, event, reason }
      }
    }
  }
}

/** A chain hashes events as they are laid out: in another layout they would prove nothing. */
function refuseOther(topic: string, { schema_id }: StoredBatch): void {
  if (schema_id === schemaId(AuditEvent)) return
  throw new AppError('SCHEMA_CHANGED', `the trail on ${topic} was written by another schema of AuditEvent`, {
    exit_code: 2,
    hint: 'audit it with the build that wrote it',
  })
}

/** A check of this directory's chains; those whose beginning retention dropped are followed from where they begin. */
export function chainCheck(reader: Reader, place: TrailPlace): ChainCheck {
  let headless = false
  for (let partition = 0; partition < place.partitions; partition++) {
    if (reader.partition(place.topic, partition).start_offset > 0) headless = true
  }
  return new ChainCheck(place.origins, headless)
}
