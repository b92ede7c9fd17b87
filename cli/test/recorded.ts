import { AppError } from '../../runtime/api/index.ts'
import type { TestRecord, TopologyTest } from '../../runtime/topology/test-file.ts'
import type { Case } from './files.ts'

/**
 * Puts the frames of the captures that a test names under `given`, as if they stood there: the first at `at`, the others as
 * long after it as they came. AppErrors as the replay refuses: a format that there is none of, a file that cannot be read.
 */
export async function withRecorded(cases: readonly Case[]): Promise<Case[]> {
  const found: Case[] = []
  for (const one of cases) found.push(one.test.recorded === undefined ? one : { ...one, test: await filled(one.test) })
  return found
}

async function filled(test: TopologyTest): Promise<TopologyTest> {
  const given: Record<string, readonly TestRecord[]> = { ...test.given }
  const { createReplay, replayFormats } = await import('../../connectors/replay/index.ts')
  for (const { topic, file, format, frames, at_us, line } of test.recorded ?? []) {
    const source = await createReplay({ files: [{ path: file, format }], formats: replayFormats })
    const records: TestRecord[] = []
    try {
      await source.open(undefined)
      let first_us: number | undefined
      while (records.length < frames) {
        const item = source.take()
        if (item === undefined) {
          if (source.done) break
          await source.ready()
          continue
        }
        first_us ??= item.stream_time_us
        const value = item.value as TestRecord['value']
        records.push({ at_us: at_us + item.stream_time_us - first_us, value, line })
      }
    } finally {
      await source.close()
    }
    if (records.length === 0) {
      throw new AppError('NOT_A_CAPTURE', `${file} has no frame`, { exit_code: 2, hint: 'name another file or format' })
    }
    given[topic] = records
  }
  return { ...test, given }
}
