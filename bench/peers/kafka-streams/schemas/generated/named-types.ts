// Made by `node bench/kafka-records.ts` from schemas/*.avsc; changes here are overwritten.
import * as r from '../../../../../schemas/wire-read.ts'
import * as w from '../../../../../schemas/wire-write.ts'

