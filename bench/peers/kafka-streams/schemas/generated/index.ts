// Made by `node bench/kafka-records.ts` from schemas/*.avsc; changes here are overwritten.
import type { RecordType } from '../../../../../runtime/api/record.ts'
import { Tick } from './tick.ts'
import { TickTotal } from './tick-total.ts'

export type {
} from './named-types.ts'
export {
} from './named-types.ts'
export {
  Tick,
  TickTotal,
}

/** Every record by its name. */
export const records: Readonly<Record<string, RecordType<unknown>>> = {
  Tick,
  TickTotal,
}

/** SHA-256 (hex) over the names and fingerprints of all records: changes when bytes on a topic would. */
export const schemasHash = '1b71b4a4a6acc528bf3d8695fc3454ac79f89254efde78d49efa423c7cf02146'
