import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calendarOf, calendars, phaseAt, sessionDay } from '../../processors/calendar/index.ts'
import { civilDay, dayNumber, localDay, weekday } from '../../processors/calendar/zone.ts'

const us = (text: string) => Date.parse(text) * 1_000
const phase = (name: string, text: string) => {
  const calendar = calendarOf(name)
  if (calendar === undefined) throw new Error(name)
  return phaseAt(calendar, us(text))
}

describe('phases', () => {
  it.each([
    ['24x7', '1970-01-01T00:00:00Z', 'OPEN'],
    ['24x7', '2300-12-25T12:00:00Z', 'OPEN'],
    ['NSE', '2019-01-01T08:59:59.999+05:30', 'CLOSED'],
    ['NSE', '2019-01-01T09:00:00+05:30', 'AUCTION'],
    ['NSE', '2019-01-01T09:14:59.999+05:30', 'AUCTION'],
    ['NSE', '2019-01-01T09:15:00+05:30', 'OPEN'],
    ['NSE', '2019-01-01T15:29:59.999+05:30', 'OPEN'],
    ['NSE', '2019-01-01T15:30:00+05:30', 'CLOSED'],
    ['NSE', '2019-03-04T12:00:00+05:30', 'CLOSED'],
    ['NSE', '2019-03-05T12:00:00+05:30', 'OPEN'],
    // A Saturday.
    ['NSE', '2019-03-02T12:00:00+05:30', 'CLOSED'],
    ['NSE', '2018-12-31T12:00:00+05:30', undefined],
    ['NSE', '2027-01-01T12:00:00+05:30', undefined],
    ['NASDAQ', '2013-10-07T03:59:59-04:00', 'CLOSED'],
    ['NASDAQ', '2013-10-07T09:29:59.999-04:00', 'PRE_OPEN'],
    ['NASDAQ', '2013-10-07T09:30:00-04:00', 'OPEN'],
    ['NASDAQ', '2013-10-07T16:00:00-04:00', 'CLOSED'],
    ['NASDAQ', '2013-11-29T12:59:59-05:00', 'OPEN'],
    ['NASDAQ', '2013-11-29T13:00:00-05:00', 'CLOSED'],
    ['NASDAQ', '2012-10-29T12:00:00-04:00', 'CLOSED'],
    ['NASDAQ', '2025-01-09T12:00:00-05:00', 'CLOSED'],
    // The Monday after each change of the clock.
    ['NASDAQ', '2024-03-11T13:30:00Z', 'OPEN'],
    ['NASDAQ', '2024-03-11T13:29:59Z', 'PRE_OPEN'],
    ['NASDAQ', '2024-11-04T14:30:00Z', 'OPEN'],
    ['NASDAQ', '2024-11-04T14:29:59Z', 'PRE_OPEN'],
    ['NASDAQ', '2011-12-30T12:00:00-05:00', undefined],
  ])('%s at %s: %s', (name, text, expected) => {
    expect(phase(name, text)).toBe(expected)
  })

  it('every listed holiday is a weekday, and no name out of an object is a calendar', () => {
    for (const name of ['NSE', 'NASDAQ'])
      expect(calendarOf(name)?.plan(dayNumber({ year: 2019, month: 12, day: 25 }))).toEqual([])
    expect(calendarOf('toString')).toBeUndefined()
  })
})

describe('days', () => {
  it('have 23 and 25 hours where the clock changes', () => {
    const hours = (text: string) => {
      const { start_us, end_us } = sessionDay(calendars.NASDAQ as never, us(text))
      return (end_us - start_us) / 3_600_000_000
    }
    expect(hours('2024-03-10T12:00:00-04:00')).toBe(23)
    expect(hours('2024-11-03T12:00:00-05:00')).toBe(25)
    expect(hours('2024-11-04T12:00:00-05:00')).toBe(24)
  })

  it('agree with the platform on dates, weekdays and US Eastern time', () => {
    const eastern = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/New_York' })
    const at = fc.integer({ min: Date.parse('2007-01-01') / 1_000, max: Date.parse('2036-12-31') / 1_000 })
    fc.assert(
      fc.property(at, (seconds) => {
        const date = new Date(seconds * 1_000)
        const number = Math.floor(seconds / 86_400)
        const day = civilDay(number)
        expect([day.year, day.month - 1, day.day]).toEqual([
          date.getUTCFullYear(),
          date.getUTCMonth(),
          date.getUTCDate(),
        ])
        expect(dayNumber(day)).toBe(number)
        expect(weekday(number)).toBe(date.getUTCDay())
        const offset = calendars.NASDAQ?.offset ?? (() => 0)
        const local = civilDay(localDay(offset, seconds * 1_000_000))
        const two = (value: number) => String(value).padStart(2, '0')
        expect(`${local.year}-${two(local.month)}-${two(local.day)}`).toBe(eastern.format(date))
        const { start_us, end_us } = sessionDay(calendars.NASDAQ as never, seconds * 1_000_000)
        expect(start_us <= seconds * 1_000_000 && seconds * 1_000_000 < end_us).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })
})
