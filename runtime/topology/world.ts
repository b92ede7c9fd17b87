import type { TObject } from 'typebox'
import type { AnyProcessor } from '../api/effect.ts'
import type { RecordType } from '../api/record.ts'

/** What a topology may speak of: the runtime itself knows no processor, no record and no source by name. */
export interface World {
  readonly processors: Readonly<Record<string, AnyProcessor>>
  readonly records: Readonly<Record<string, RecordType<never> | RecordType<unknown>>>
  /** The sources that exist, each with the record it writes. */
  readonly sources: Readonly<Record<string, SourceKind>>
  /** The kinds of sinks that exist; without it, none. */
  readonly sinks?: Readonly<Record<string, SinkKind>>
  /** What is not deterministic in a processor's source; undefined where no sources are known. */
  readonly impurities?: (processor: string) => readonly Impurity[]
}

/** Something in a source that may give another result the second time. */
export interface Impurity {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column: number
  /** The end of a sentence: `reads the wall clock (Date)`. */
  readonly what: string
  readonly instead: string
}

export interface SinkKind {
  readonly description: string
  readonly params: TObject
}

export interface SourceKind {
  readonly record: string
  readonly description: string
}

/** Sources that every composition has: names are fixed because each is another piece of machinery. */
export const SOURCES = {
  feed: { record: 'RawFrame', description: 'Frames: a replayed file, the simulated market or a live venue.' },
  control: { record: 'Control', description: 'Orders of operators, by `aitrader control` or the API.' },
  redelivery: {
    record: 'Redelivery',
    description:
      'Refused records that an operator sends through their stage once more, by `aitrader dlq replay`; every stage with `faults_to` takes its own.',
  },
  topology: { record: 'Instrument', description: 'The instruments declared in this file, once, at stream time 0.' },
} as const satisfies Record<string, SourceKind>

/** The source whose records every stage with a place for refused ones takes. */
export const REDELIVERY_SOURCE = 'redelivery'

/** The record that refused records become. */
export const DEAD_LETTER_RECORD = 'DeadLetter'

export function own<T>(map: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined
}
