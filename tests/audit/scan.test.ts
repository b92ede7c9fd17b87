import { describe, expect, it } from 'vitest'
import { Ranges } from '../../cli/audit/column.ts'
import { scan } from '../../cli/audit/scan.ts'
import { AppError, type Reader, type StoredBatch } from '../../runtime/api/index.ts'

const SIZES = [3, 1, 4, 1, 5, 9, 2, 6]

/** A partition of batches of these sizes, of which some cannot be read and some are gone. */
function partition(bad: readonly number[], gone: readonly number[] = []): { reader: Reader; end: number } {
  let end = 0
  const batches = SIZES.map((records) => {
    const base_offset = end
    end += records
    return { base_offset, records } as StoredBatch
  })
  const reader = {
    partition: () => ({ topic: 't', partition: 0, start_offset: 0, end_offset: end }),
    read: async (_topic: string, _partition: number, offset: number) => {
      const index = batches.findIndex(
        ({ base_offset, records }, i) => !gone.includes(i) && base_offset + records > offset,
      )
      if (bad.includes(index)) throw new AppError('DATA_DAMAGED', `batch ${index}`, { exit_code: 3 })
      return batches[index]
    },
  } as unknown as Reader
  return { reader, end }
}

async function stretches(bad: readonly number[], gone?: readonly number[]): Promise<string[]> {
  const { reader, end } = partition(bad, gone)
  const found: string[] = []
  for await (const stretch of scan(reader, 't', 0, end)) {
    if ('batch' in stretch) found.push(`${stretch.batch.base_offset}+${stretch.batch.records}`)
    else found.push(`${stretch.damage.from}..${stretch.damage.to} ${stretch.damage.reason}`)
  }
  return found
}

describe('a scan', () => {
  it('yields every batch of a sound partition', async () => {
    expect(await stretches([])).toEqual(['0+3', '3+1', '4+4', '8+1', '9+5', '14+9', '23+2', '25+6'])
  })

  it('steps over each batch that cannot be read, and only that', async () => {
    for (const [index, records] of SIZES.entries()) {
      const whole = await stretches([])
      const base = Number(whole[index]?.split('+')[0])
      expect(await stretches([index])).toEqual(whole.with(index, `${base}..${base + records} batch ${index}`))
    }
  })

  it('steps over batches that are gone, at the end too', async () => {
    expect(await stretches([], [2])).toEqual([
      '0+3',
      '3+1',
      '4..8 the records are missing',
      '8+1',
      '9+5',
      '14+9',
      '23+2',
      '25+6',
    ])
    expect(await stretches([], [6, 7])).toEqual([
      '0+3',
      '3+1',
      '4+4',
      '8+1',
      '9+5',
      '14+9',
      '23..31 the records are missing',
    ])
  })

  it('takes neighbours that cannot be read for one stretch', async () => {
    expect(await stretches([4, 5])).toEqual(['0+3', '3+1', '4+4', '8+1', '9..23 batch 4', '23+2', '25+6'])
    expect(await stretches([0, 1, 2, 3, 4, 5, 6, 7])).toEqual(['0..31 batch 0'])
  })
})

describe('ranges', () => {
  it('are found by halving where they ascend, and one by one where they do not', () => {
    for (const order of [
      [0, 1, 2, 3],
      [2, 0, 3, 1],
    ]) {
      const ranges = new Ranges()
      for (const n of order) ranges.push(n * 10, n * 10 + 4, n)
      for (let n = 0; n < 4; n++) {
        for (const seq of [n * 10, n * 10 + 2, n * 10 + 4]) expect(ranges.find(seq)).toEqual([n])
        expect(ranges.find(n * 10 + 5)).toEqual([])
      }
      expect(ranges.find(-1)).toEqual([])
      expect(ranges.find(99)).toEqual([])
    }
  })

  it('that overlap are all found', () => {
    const ranges = new Ranges()
    for (let n = 0; n < 40; n++) ranges.push(n, n + 1, n)
    expect(ranges.find(7)).toEqual([6, 7])
  })
})
