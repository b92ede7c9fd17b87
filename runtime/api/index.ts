/** The public face of the runtime: everything that processors, connectors and schemas may import. */
export { type AvroType, avroOf } from '../topology/avro.ts'
export { hintFor } from '../topology/nearest.ts'
export { Arena } from './arena.ts'
export type {
  Batch,
  Broker,
  Follower,
  PartitionInfo,
  Position,
  Producer,
  Put,
  Reader,
  StoredBatch,
  TopicSpec,
  Transaction,
} from './broker.ts'
export type { Answer, AnyProcessor, Ask, CommandRunner, Effect, QueryRunner, Resolution } from './effect.ts'
export { ask, defineEffect } from './effect.ts'
export { AppError, assert, DataFault, InvariantError, RetriableError } from './fault.ts'
export { fromBase64, fromHex, sha256, toBase64, toHex, toUtf8 } from './hash.ts'
export type {
  Context,
  Ports,
  Processor,
  Specialized,
  StageProblem,
  StageUse,
  Step,
  Table,
  ValueOf,
} from './processor.ts'
export { defineProcessor, emit, fault, keep } from './processor.ts'
export type { Json, RecordId, RecordType } from './record.ts'
export { parseRecordId, recordId } from './record.ts'
export type { Source, SourceItem } from './source.ts'
