/** What brokers share: the log core's two halves, the store port under them, heads and digests. */

export { type CanonicalRun, canonicalRecords, canonicalRuns } from '../log/canonical-order.ts'
export { BlockDigest, topicDigest } from '../log/digest.ts'
export { encodeFrame } from '../log/frame.ts'
export { valueKey } from '../log/keys.ts'
export { Log, type Submission, type Trimming, trimming } from '../log/log.ts'
export { RecordCursor } from '../log/records.ts'
export type { LogEntry, LogReads, LogStore, LogWrites } from '../log/store.ts'
export { MAX_VARINT_BYTES, putSigned, putUnsigned, VarintReader } from '../log/varint.ts'
export { LogView } from '../log/view.ts'
export { partitionOf } from '../plan/partitioner.ts'
