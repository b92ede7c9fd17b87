/** What a broker built on the log core needs: the core's two halves and the store port under them. */
export { encodeFrame } from '../log/frame.ts'
export { valueKey } from '../log/keys.ts'
export { Log, type Submission, type Trimming, trimming } from '../log/log.ts'
export type { LogEntry, LogReads, LogStore, LogWrites } from '../log/store.ts'
export { LogView } from '../log/view.ts'
