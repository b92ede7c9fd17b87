import type { Broker } from '../runtime/api/index.ts'
import type { Clock } from '../runtime/engine/clock.ts'
import { Engine } from '../runtime/engine/engine.ts'
import type { JournalType } from '../runtime/engine/journal.ts'
import type { CodedReader, Observer } from '../runtime/engine/options.ts'
import { schemaId } from '../schemas/framing.ts'
import { JournalEntry } from '../schemas/generated/index.ts'
import type { Composition } from './compose.ts'

/** How a command opens the engine of a directory: the same way whether it runs for days or for one record. */

/** The journal's record as the runtime takes it. */
export const journalType = JournalEntry as JournalType

/** Declares the topics and recovers every task; refuses what `Engine.open` refuses. */
export function openEngine(
  broker: Broker & CodedReader,
  { plan, hashes, runners }: Composition,
  observer?: Observer,
): Promise<Engine> {
  return Engine.open({
    plan,
    broker,
    journal: journalType,
    schemaId: (fingerprint) => schemaId({ fingerprint }),
    hashes,
    runners,
    backOff: (attempt) => wallClock.wait(Math.min(1000, 5 * 2 ** attempt)),
    ...(broker.codecs === undefined ? {} : { codecs: broker.codecs }),
    ...(observer === undefined ? {} : { observer }),
  })
}

export const wallClock: Clock = {
  now_ms: () => performance.now(),
  wait: (delay_ms) =>
    new Promise((resolve) => {
      if (delay_ms < 1) setImmediate(resolve)
      else setTimeout(resolve, delay_ms)
    }),
}
