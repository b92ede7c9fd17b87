import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDuration } from '../../runtime/topology/duration.ts'
import { editDistance, hintFor, nearest } from '../../runtime/topology/nearest.ts'

describe('durations', () => {
  test.each([
    ['0ms', 0],
    ['1us', 1],
    ['500ms', 500_000],
    ['5s', 5_000_000],
    ['2m', 120_000_000],
    ['24h', 86_400_000_000],
    ['7d', 604_800_000_000],
    ['9007199254740991us', 9_007_199_254_740_991],
  ])('%s', (text, duration_us) => expect(parseDuration(text)).toBe(duration_us))

  test.each(['', '5', 's', '5 s', '-5s', '1.5s', '05s', '5S', '5weeks', '9007199254740992us', '200000000d'])(
    '%j is none',
    (text) => expect(parseDuration(text)).toBeUndefined(),
  )
})

describe('nearest names', () => {
  test.each([
    ['pattern-scorrer', 'pattern-scorer'],
    ['owmer', 'owner'],
    ['nbob', 'nbbo'],
    ['BOOKUPDATE', 'BookUpdate'],
    ['strategy', undefined],
  ])('%s -> %s', (name, expected) => {
    expect(nearest(name, ['nbbo', 'owner', 'pattern-scorer', 'BookUpdate'])).toBe(expected)
  })

  test('a hint lists the names where none is near, twenty at most', () => {
    expect(hintFor('x', ['alpha', 'beta'], 'names')).toBe('names: `alpha`, `beta`')
    expect(hintFor('x', [], 'names')).toBe('there are no names here')
    const many = Array.from({ length: 23 }, (_, i) => `name-${i + 10}`)
    expect(hintFor('x', many, 'names')).toMatch(/`name-29`, and 3 more$/)
  })

  test('the distance is symmetric, 0 only for equal words, and at most the longer length', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 })
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b)
        expect(distance).toBe(editDistance(b, a))
        expect(distance === 0).toBe(a === b)
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length))
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length))
      }),
    )
  })
})
