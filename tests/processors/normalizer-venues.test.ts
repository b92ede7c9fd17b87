import { expect, it } from 'vitest'
import { normalizer } from '../../processors/normalizer/index.ts'
import { venues } from '../../processors/normalizer/venues.ts'
import { Hand, rawFrame } from './kit.ts'

const params = { instruments: [], unknown_symbol: 'declare', buffer_max: 16, restart_after: 100 }

it('a venue has one decoder', () => {
  const names = venues.map(({ venue }) => venue)
  expect(new Set(names).size).toBe(names.length)
})

it.each(['NOWHERE:X', '__proto__:X', ':X', 'X', ''])(
  'frames of "%s" are a fault, before and after a restart',
  (key) => {
    const hand = new Hand(normalizer, key, params)
    const frame = rawFrame('{}', { venue: 'NOWHERE', venue_symbol: key })
    expect(hand.on('frames', frame)).toEqual({ fault: 'VENUE_UNKNOWN', detail: { venue_symbol: key } })
    hand.restart()
    expect(hand.on('frames', frame)).toMatchObject({ fault: 'VENUE_UNKNOWN' })
    expect(JSON.parse(hand.text())).toEqual({ venue: '', gaps: 0 })
  },
)

it('the state of a symbol stays with the decoder of its venue', () => {
  for (const decoder of venues) {
    const hand = new Hand(normalizer, `${decoder.venue}:X`, params)
    const first = hand.text()
    expect(first).toBe(JSON.stringify(decoder.initial()))
    expect(hand.on('frames', rawFrame('no frame of any venue', { venue: decoder.venue }))).toMatchObject({
      fault: expect.any(String),
    })
    hand.restart()
    expect(hand.text()).toBe(first)
  }
})
