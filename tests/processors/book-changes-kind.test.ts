import { describe, expect, it } from 'vitest'
import type { BookUpdate } from '../../schemas/generated/index.ts'
import { port } from './kit.ts'
import { Book, short } from './order-book-hand.ts'

/** A book by level becomes one by order when its feed tells orders, and stays one. */

const SIDES = [
  [
    [100, 5],
    [99, 3],
  ],
  [
    [101, 4],
    [102, 6],
  ],
] as const
const seeded = (): Book => {
  const book = new Book()
  book.seed(SIDES[0] as never, SIDES[1] as never)
  return book
}

describe('the first order', () => {
  it('finds the levels that stood before it, its feed shows no more of them', () => {
    const book = seeded()
    expect(short(book.order('ADD', 'a', 'BUY', 100, 2))).toBe('LIVE 2 | 100x7 99x3 | 101x4 102x6')
    expect(book.state.queuePosition('a')).toEqual({ orders_ahead: 0, qty_ahead: 5, exact: true })
    expect(short(book.order('EXECUTE', 'x', 'SELL', 101, 4))).toBe('LIVE 1 | 100x7 99x3 | 102x6')
  })

  it('leaves nothing certain of a book with a gap', () => {
    const book = seeded()
    book.event({
      kind: 'gap',
      gap: { channel: 'depth', expected_sequence: 2, received_sequence: 9, missing_us: 0 } as never,
    })
    expect(short(book.order('ADD', 'a', 'BUY', 100, 2))).toBe('GAP 0 | 100x7 99x3 | 101x4 102x6')
  })

  it('that clears a published book is news, of an unpublished one none', () => {
    expect(short(seeded().clear())).toBe('LIVE 0 |  | ')
    expect(short(new Book().clear())).toBe('')
  })

  it('keeps the time that the book was heard of', () => {
    const book = new Book()
    book.seed(SIDES[0] as never, SIDES[1] as never)
    book.order('ADD', 'a', 'BUY', 100, 2)
    expect(book.hand.advance(2_000_000).map(short).filter(Boolean)).toEqual(['STALE 2 | 100x7 99x3 | 101x4 102x6'])
  })
})

it('changes of levels say nothing from then on', () => {
  const book = seeded()
  book.order('ADD', 'a', 'BUY', 100, 2)
  const depth = { first_sequence: 3, bids: [{ px: 100, qty: 0 }], asks: [], conflated: false, checksum: null }
  expect(short(book.event({ kind: 'depth', depth: { ...depth, snapshot: false } }))).toBe('')
})

it.each(['by level', 'by order'])('a restart finds a book %s as it was', (kind) => {
  const [one, other] = [seeded(), seeded()]
  if (kind === 'by order') for (const book of [one, other]) book.order('ADD', 'a', 'BUY', 100, 2)
  other.hand.restart()
  expect(other.hand.text()).toBe(one.hand.text())
  const next = (book: Book) => port<BookUpdate>(book.order('ADD', 'b', 'SELL', 101, 1), 'books')
  expect(next(other)).toEqual(next(one))
})
