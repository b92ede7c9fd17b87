import fc from 'fast-check'
import { expect, it } from 'vitest'
import { rfc3339Us } from '../../processors/normalizer/venue-time.ts'

it('is the time that the platform reads, for every millisecond up to the year 2100', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }), (ms) => {
      expect(rfc3339Us(new Date(ms).toISOString())).toBe(ms * 1_000)
    }),
  )
})

it.each([
  ['2023-10-06T17:35:55Z', 1_696_613_755_000_000],
  ['2023-10-06T17:35:55.1Z', 1_696_613_755_100_000],
  ['2023-10-06T17:35:55.123456789Z', 1_696_613_755_123_456],
  ['2024-02-29T00:00:00Z', 1_709_164_800_000_000],
  ['2023-02-29T00:00:00Z', -1],
  ['2023-13-01T00:00:00Z', -1],
  ['2023-01-01T24:00:00Z', -1],
  ['2023-01-01T00:00:00+01:00', -1],
  ['2023-01-01 00:00:00Z', -1],
  ['1969-12-31T23:59:59Z', -1],
  ['9999-12-31T23:59:59Z', -1],
])('%s is %i', (text, time_us) => expect(rfc3339Us(text)).toBe(time_us))
