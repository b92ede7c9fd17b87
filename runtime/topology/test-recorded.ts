import { Type } from 'typebox'
import { DURATION_PATTERN, parseDuration } from './duration.ts'
import { checkShape } from './shape.ts'
import type { Topology } from './types.ts'
import { own } from './world.ts'
import { type MapTree, type Report, toPlain } from './yaml.ts'

/** Frames of a capture, in the place of records. */
export interface RecordedInput {
  readonly topic: string
  /** Path, from the folder the command runs in. */
  readonly file: string
  readonly format: string
  /** How many of its frames at most. */
  readonly frames: number
  /** When the first one comes, microseconds since the test's beginning. */
  readonly at_us: number
  readonly line: number
}

export const RecordedSchema = Type.Object(
  {
    file: Type.String({ minLength: 1, description: 'A capture, from the folder the command runs in.' }),
    format: Type.String({ minLength: 1, description: 'Its format, as `aitrader up --format` takes it.' }),
    frames: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, description: 'How many frames at most.' })),
    at: Type.Optional(Type.String({ pattern: DURATION_PATTERN, description: 'When the first one comes.' })),
  },
  { additionalProperties: false },
)

/** Captures under `given`: mappings where others have lists. Only a topic of frames can have one. */
export function readRecorded(test: MapTree, topology: Topology, report: Report): { recorded?: RecordedInput[] } {
  const given = test.entries.get('given')?.value
  const found: RecordedInput[] = []
  for (const [topic, { at, value }] of given?.kind === 'map' ? given.entries : []) {
    if (value.kind !== 'map') continue
    const before = report.count
    checkShape(RecordedSchema, value, 'given', at, report)
    const record = own(topology.topics, topic)?.record
    if (record !== undefined && record !== 'RawFrame') {
      const message = `a capture holds RawFrame, and \`${topic}\` holds ${record}`
      report.add('RECORD_MISMATCH', at, message, 'give its records as a list')
    }
    if (report.count > before) continue
    const plain = toPlain(value) as { file: string; format: string; frames?: number; at?: string }
    const { file, format, frames = 100_000 } = plain
    found.push({ topic, file, format, frames, at_us: parseDuration(plain.at ?? '') ?? 0, line: report.line(at) })
  }
  return found.length === 0 ? {} : { recorded: found }
}
