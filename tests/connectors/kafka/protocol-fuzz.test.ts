/** Whatever bytes a server answers, every decoder ends in an answer or in KAFKA_PROTOCOL, without asking for memory. */
import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../../../connectors/kafka/bytes.ts'
import type { KafkaRequest } from '../../../connectors/kafka/request.ts'
import { codeAnswer, coordinatorAnswer, metadataAnswer, offsetAnswer } from './scripted-wire.ts'

const folder = new URL('../../../connectors/kafka/requests/', import.meta.url)
const modules = await Promise.all(readdirSync(folder).map((name) => import(new URL(name, folder).href)))
const requests = modules
  .flatMap((module) => Object.values(module))
  .filter(
    (value): value is KafkaRequest<unknown, unknown> =>
      typeof value === 'object' && value !== null && 'decode' in value,
  )

const seeds = [
  metadataAnswer({ quotes: { leaders: [1, 2, 3] }, books: { error_code: 3 } }),
  coordinatorAnswer(2),
  codeAnswer(16),
  offsetAnswer('quotes', 1, 0, 812),
]

/** Random bytes, right answers with some bytes changed, and what looks like many of something. */
const hostile = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc
    .record({
      seed: fc.constantFrom(...seeds),
      changes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      end: fc.nat(),
    })
    .map(({ seed, changes, end }) => {
      const bytes = Buffer.from(seed)
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      return bytes.subarray(0, 1 + (end % bytes.length))
    }),
  fc
    .tuple(fc.nat(40), fc.constantFrom(0x7fffffff, -1, -2, 0x00ffffff, 0x01000000), fc.nat(64))
    .map(([zeros, count, rest]) =>
      Buffer.concat([Buffer.alloc(zeros), new ByteWriter().i32(count).bytes(), Buffer.alloc(rest)]),
    ),
)

describe('decoders of outside bytes', () => {
  it('are all here', () => {
    expect(requests.map(({ name }) => name).sort()).toEqual([
      'AddPartitionsToTxn',
      'ApiVersions',
      'CreateAcls',
      'CreatePartitions',
      'CreateTopics',
      'DeleteAcls',
      'DeleteGroups',
      'DeleteRecords',
      'DeleteTopics',
      'DescribeAcls',
      'DescribeConfigs',
      'DescribeGroups',
      'DescribeProducers',
      'DescribeTransactions',
      'EndTxn',
      'Fetch',
      'FindCoordinator',
      'Heartbeat',
      'IncrementalAlterConfigs',
      'InitProducerId',
      'JoinGroup',
      'LeaveGroup',
      'ListGroups',
      'ListOffsets',
      'ListTransactions',
      'Metadata',
      'OffsetCommit',
      'OffsetDelete',
      'OffsetFetch',
      'Produce',
      'SyncGroup',
      'WriteTxnMarkers',
    ])
  })

  it.each(requests.map((request) => [request.name, request] as const))('%s', (_name, request) => {
    fc.assert(
      fc.property(hostile, (bytes) => {
        try {
          const output = request.decode(new ByteReader(Buffer.from(bytes)))
          for (const code of request.errors(output)) expect(Number.isInteger(code)).toBe(true)
        } catch (error) {
          expect(error).toMatchObject({ name: 'RetriableError', code: 'KAFKA_PROTOCOL' })
        }
      }),
      { numRuns: 200 },
    )
  })
})
