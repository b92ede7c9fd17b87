import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BookUpdate } from '../../schemas/generated/index.ts'
import { type Answer, port } from './kit.ts'
import { Book, short } from './order-book-hand.ts'

/** Five levels of each side are shown. */
function seeded(): Book {
  const book = new Book()
  book.seed(
    [
      [100, 5],
      [99, 3],
      [98, 2],
      [97, 1],
      [96, 9],
    ],
    [
      [101, 4],
      [102, 6],
      [103, 1],
      [104, 1],
      [105, 1],
    ],
  )
  return book
}

describe('a book by order', () => {
  it('is complete where it began empty, and a queue at every price', () => {
    const book = new Book()
    // The beginning of a book that nobody has heard of is no news.
    expect(short(book.clear())).toBe('')
    expect(short(book.order('ADD', 'a', 'BUY', 100, 5))).toBe('LIVE 1 | 100x5 | ')
    book.order('ADD', 'b', 'BUY', 100, 7)
    book.order('ADD', 'c', 'BUY', 99, 1)
    expect(short(book.order('ADD', 'd', 'SELL', 101, 2))).toBe('LIVE 2 | 100x12 99x1 | 101x2')
    expect(book.state.queuePosition('b')).toEqual({ orders_ahead: 1, qty_ahead: 5, exact: true })
    expect(short(book.order('EXECUTE', 'a', 'BUY', 100, 3))).toBe('LIVE 2 | 100x9 99x1 | 101x2')
    expect(short(book.order('REDUCE', 'b', 'BUY', 100, 1))).toBe('LIVE 2 | 100x8 99x1 | 101x2')
    expect(book.state.queuePosition('b')).toEqual({ orders_ahead: 1, qty_ahead: 2, exact: true })
    expect(short(book.order('DELETE', 'a', 'BUY', 100, 2))).toBe('LIVE 2 | 100x6 99x1 | 101x2')
    expect(book.state.queuePosition('b')).toEqual({ orders_ahead: 0, qty_ahead: 0, exact: true })
    expect(book.state.queuePosition('a')).toBeUndefined()
  })

  it('puts a replaced order at the end of its new price', () => {
    const book = new Book()
    book.clear()
    for (const id of ['a', 'b']) book.order('ADD', id, 'SELL', 101, 4)
    expect(short(book.order('REPLACE', 'a', 'SELL', 101, 3, 'a2'))).toBe('LIVE 1 |  | 101x7')
    expect(book.state.queuePosition('a2')).toEqual({ orders_ahead: 1, qty_ahead: 4, exact: true })
    expect(short(book.order('REPLACE', 'a2', 'SELL', 102, 3, 'a3'))).toBe('LIVE 2 |  | 101x4 102x3')
  })

  it('executes at another price than its own where the venue says so', () => {
    const book = new Book()
    book.clear()
    book.order('ADD', 'a', 'BUY', 100, 5)
    expect(short(book.order('EXECUTE', 'a', 'BUY', 98, 2))).toBe('LIVE 1 | 100x3 | ')
  })

  it('is CROSSED while its bid is at or above its ask', () => {
    const book = new Book()
    book.clear()
    book.order('ADD', 'a', 'BUY', 100, 5)
    expect(short(book.order('ADD', 'b', 'SELL', 100, 5))).toBe('CROSSED 1 | 100x5 | 100x5')
    expect(short(book.order('DELETE', 'a', 'BUY', 100, 5))).toBe('LIVE 1 |  | 100x5')
  })

  it('loses nothing by a gap in trades or quotes', () => {
    const book = seeded()
    for (const channel of ['trade', 'quote', 'heartbeat', 'volume'])
      expect(short(book.event({ kind: 'gap', gap: { channel, expected: 3, received: 5 } }))).toBe('')
    expect(short(book.order('ADD', 'a', 'BUY', 100, 5))).toMatch(/^LIVE 5 /)
  })

  it('takes no order that makes a level more than can be counted', () => {
    const book = new Book()
    book.clear()
    book.order('ADD', 'a', 'BUY', 100, 5)
    const most = Number.MAX_SAFE_INTEGER - 5
    expect(short(book.order('ADD', 'b', 'BUY', 100, most + 1))).toBe('LEVEL_OVERFLOW')
    expect(short(book.order('ADD', 'b', 'BUY', 100, most))).toBe(`LIVE 1 | 100x${Number.MAX_SAFE_INTEGER} | `)
    book.order('ADD', 'c', 'BUY', 99, 1)
    expect(short(book.order('REPLACE', 'c', 'BUY', 100, 1, 'd'))).toBe('LEVEL_OVERFLOW')
  })

  it('proves nothing before it was empty or seeded, and nothing after a gap', () => {
    const book = new Book()
    expect(short(book.order('ADD', 'a', 'BUY', 100, 5))).toBe('GAP 0 | 100x5 | ')
    book.clear()
    book.order('ADD', 'a', 'BUY', 100, 5)
    expect(short(book.event({ kind: 'gap', gap: { channel: 'orders', expected: 3, received: 5 } }))).toBe(
      'GAP 0 | 100x5 | ',
    )
    expect(short(book.order('ADD', 'b', 'BUY', 101, 5))).toBe('GAP 0 | 101x5 100x5 | ')
    expect(short(book.clear())).toBe('LIVE 0 |  | ')
  })

  it('is STALE after its time without an order', () => {
    const book = new Book()
    book.clear()
    book.event(
      {
        order: {
          action: 'ADD',
          order_id: 'a',
          new_order_id: '',
          side: 'BUY',
          px: 100,
          qty: 5,
          match_id: 0,
          printable: true,
        },
      },
      1_000,
    )
    expect(book.hand.advance(2_000_000).map(short)).toEqual(['STALE 1 | 100x5 | '])
    expect(short(book.order('REDUCE', 'a', 'BUY', 100, 1))).toBe('LIVE 1 | 100x4 | ')
  })

  it.each([
    ['without an id', ['ADD', '', 'BUY', 100, 1], 'ORDER_INVALID'],
    ['added at no price', ['ADD', 'x', 'BUY', 0, 1], 'ORDER_INVALID'],
    ['of no quantity', ['ADD', 'x', 'BUY', 100, 0], 'ORDER_INVALID'],
    ['executed by nothing', ['EXECUTE', 'a', 'BUY', 100, 0], 'ORDER_INVALID'],
    ['added twice', ['ADD', 'a', 'BUY', 100, 1], 'ORDER_KNOWN'],
    ['replaced by itself', ['REPLACE', 'a', 'BUY', 100, 1, 'a'], 'ORDER_KNOWN'],
    ['executed beyond what it has', ['EXECUTE', 'a', 'BUY', 100, 6], 'QUANTITY_EXCEEDED'],
    ['reduced beyond what it has', ['REDUCE', 'a', 'BUY', 100, 6], 'QUANTITY_EXCEEDED'],
    ['on the other side', ['DELETE', 'a', 'SELL', 100, 5], 'ORDER_MISMATCH'],
    ['that nobody knows, at a price without a level', ['EXECUTE', 'x', 'BUY', 90, 1], 'ORDER_UNKNOWN'],
    ['that nobody knows, at a level of known orders', ['DELETE', 'x', 'BUY', 100, 5], 'ORDER_UNKNOWN'],
    ['that nobody knows, replaced', ['REPLACE', 'x', 'BUY', 100, 5, 'y'], 'ORDER_UNKNOWN'],
  ] as const)('refuses an order %s, and stays as it is', (_what, [action, id, side, px, qty, new_id], code) => {
    const book = new Book()
    book.clear()
    book.order('ADD', 'a', 'BUY', 100, 5)
    const before = book.hand.text()
    expect(short(book.order(action, id, side, px, qty, new_id))).toBe(code)
    expect(book.hand.text()).toBe(before)
  })

  it('refuses a snapshot with a level that cannot be', () => {
    expect(short(new Book().seed([[0, 5]], []))).toBe('LEVEL_INVALID')
    expect(short(new Book().seed([[100, -1]], []))).toBe('LEVEL_INVALID')
  })
})

describe('what is certain of a feed that shows five levels', () => {
  it('is the whole seed, and changes within it', () => {
    const book = seeded()
    expect(short(book.order('ADD', 'a', 'BUY', 98, 1))).toBe(
      'LIVE 5 | 100x5 99x3 98x3 97x1 96x9 | 101x4 102x6 103x1 104x1 105x1',
    )
    expect(book.state.queuePosition('a')).toEqual({ orders_ahead: 0, qty_ahead: 2, exact: true })
    expect(short(book.order('EXECUTE', 'old', 'SELL', 101, 4))).toBe(
      'LIVE 4 | 100x5 99x3 98x3 97x1 96x9 | 102x6 103x1 104x1 105x1',
    )
  })

  it('knows the order of the first message, which the seed holds already', () => {
    const book = seeded()
    book.sequence = 0
    expect(short(book.order('ADD', 'a', 'BUY', 100, 2))).toBe(
      'LIVE 5 | 100x5 99x3 98x2 97x1 96x9 | 101x4 102x6 103x1 104x1 105x1',
    )
    expect(book.state.queuePosition('a')).toEqual({ orders_ahead: 0, qty_ahead: 3, exact: true })
  })

  it('ends at the fifth level: what was pushed behind it is a guess when it is back', () => {
    const book = seeded()
    book.order('ADD', 'a', 'SELL', 104, 2)
    expect(short(book.order('ADD', 'b', 'BUY', 95, 1))).toBe(
      'LIVE 5 | 100x5 99x3 98x2 97x1 96x9 | 101x4 102x6 103x1 104x3 105x1',
    )
    book.order('ADD', 'c', 'SELL', 102, 1)
    // A sixth level: 105 may change unseen from here on.
    book.order('EXECUTE', 'old', 'SELL', 101, 4)
    book.order('ADD', 'd', 'SELL', 101, 1)
    expect(short(book.order('ADD', 'e', 'SELL', 100.5, 1))).toBe(
      'LIVE 5 | 100x5 99x3 98x2 97x1 96x9 | 100.5x1 101x1 102x7 103x1 104x3',
    )
    expect(short(book.order('DELETE', 'e', 'SELL', 100.5, 1))).toBe(
      'LIVE 4 | 100x5 99x3 98x2 97x1 96x9 | 101x1 102x7 103x1 104x3 105x1',
    )
  })

  it('moves to a price behind it when four levels are certainly before that price', () => {
    const book = seeded()
    book.order('DELETE', 'old', 'BUY', 96, 9)
    // 95 is the fifth level: how much of it came before is not known.
    expect(short(book.order('ADD', 'a', 'BUY', 95, 1))).toBe(
      'LIVE 4 | 100x5 99x3 98x2 97x1 95x1 | 101x4 102x6 103x1 104x1 105x1',
    )
    // The price between was empty, and is followed now.
    expect(short(book.order('ADD', 'b', 'BUY', 96, 2))).toBe(
      'LIVE 5 | 100x5 99x3 98x2 97x1 96x2 | 101x4 102x6 103x1 104x1 105x1',
    )
  })

  it('does not move there when fewer are', () => {
    const book = seeded()
    book.order('DELETE', 'old', 'BUY', 96, 9)
    book.order('DELETE', 'older', 'BUY', 97, 1)
    expect(short(book.order('ADD', 'a', 'BUY', 95, 1))).toBe(
      'LIVE 3 | 100x5 99x3 98x2 95x1 | 101x4 102x6 103x1 104x1 105x1',
    )
    expect(book.state.bids.follows(95)).toBe(false)
  })

  it('is the best price where an order is executed', () => {
    const book = seeded()
    for (const [px, qty] of [
      [100, 5],
      [99, 3],
      [98, 2],
      [97, 1],
      [96, 9],
    ] as const)
      book.order('EXECUTE', `old${px}`, 'BUY', px, qty)
    expect(short(book.order('EXECUTE', 'deep', 'BUY', 94, 1))).toBe('GAP 0 |  | 101x4 102x6 103x1 104x1 105x1')
    expect(short(book.order('ADD', 'a', 'BUY', 95, 3))).toBe('LIVE 1 | 95x3 | 101x4 102x6 103x1 104x1 105x1')
  })

  it('holds no price that an order on the other side would cross', () => {
    const book = seeded()
    for (const [px, qty] of [
      [100, 5],
      [99, 3],
      [98, 2],
      [97, 1],
      [96, 9],
    ] as const)
      book.order('DELETE', `old${px}`, 'BUY', px, qty)
    // Something may stand at 95; an ask at 94 says that nothing does.
    expect(book.state.bids.follows(95)).toBe(false)
    book.order('ADD', 'a', 'SELL', 94, 1)
    expect(book.state.bids.follows(95)).toBe(true)
    expect(book.state.bids.follows(93)).toBe(false)
  })

  it('is everything of a side that ends within the window', () => {
    const book = Book.begun()
    expect(
      short(
        book.seed(
          [
            [100, 5],
            [0, 0],
          ],
          [
            [101, 1],
            [102, 1],
          ],
        ),
      ),
    ).toBe('LIVE 2 | 100x5 | 101x1 102x1')
    expect(short(book.order('ADD', 'a', 'BUY', 50, 1))).toBe('LIVE 2 | 100x5 50x1 | 101x1 102x1')
  })

  it('goes on after a restart as if there was none', () => {
    const orders = fc.array(
      fc.record({
        action: fc.constantFrom('ADD', 'EXECUTE', 'REDUCE', 'DELETE', 'REPLACE'),
        id: fc.nat(6),
        side: fc.constantFrom('BUY', 'SELL'),
        px: fc.integer({ min: 95, max: 106 }),
        qty: fc.integer({ min: 1, max: 4 }),
      }),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(orders, fc.boolean(), (all, from_seed) => {
        const make = () => {
          if (from_seed) return seeded()
          const book = new Book()
          book.clear()
          return book
        }
        const whole = make()
        const torn = make()
        for (const { action, id, side, px, qty } of all) {
          const args = [action as 'ADD', `${id}`, side as 'BUY', px, qty, `${id + 1}`] as const
          torn.hand.restart()
          expect(short(torn.order(...args))).toBe(short(whole.order(...args)))
          expect(torn.hand.text()).toBe(whole.hand.text())
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('a window of a whole book', () => {
  /**
   * A random market, followed whole, of which only the messages within the best three levels are passed on. Whatever
   * is proven must be so.
   */
  it('never proves what is not so', () => {
    const step = fc.record({
      add: fc.boolean(),
      pick: fc.nat(1_000),
      side: fc.boolean(),
      distance: fc.nat(7),
      qty: fc.integer({ min: 1, max: 3 }),
    })
    let proven = 0
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
        const WINDOW = 3
        const truth = new Map<string, { side: 'BUY' | 'SELL'; px: number; qty: number }>()
        const level = (side: 'BUY' | 'SELL') => {
          const sums = new Map<number, number>()
          for (const one of truth.values()) if (one.side === side) sums.set(one.px, (sums.get(one.px) ?? 0) + one.qty)
          return [...sums].sort(([a], [b]) => (side === 'BUY' ? b - a : a - b))
        }
        for (let i = 0; i < 5; i++) {
          truth.set(`b${i}`, { side: 'BUY', px: 100 - i, qty: 2 })
          truth.set(`s${i}`, { side: 'SELL', px: 101 + i, qty: 2 })
        }
        const book = new Book()
        book.seed(level('BUY').slice(0, WINDOW), level('SELL').slice(0, WINDOW))
        for (const [at, { add, pick, side, distance, qty }] of steps.entries()) {
          const name = side ? 'BUY' : 'SELL'
          const visible = level(name)
          const edge = visible[WINDOW - 1]?.[0]
          const shown = (px: number) => edge === undefined || (side ? px >= edge : px <= edge)
          let answer: Answer | undefined
          if (add) {
            const best_other = level(side ? 'SELL' : 'BUY')[0]?.[0] ?? (side ? 101 : 100)
            const px = side ? best_other - 1 - distance : best_other + 1 + distance
            truth.set(`n${at}`, { side: name, px, qty })
            if (shown(px)) answer = book.order('ADD', `n${at}`, name, px, qty)
          } else {
            const mine = [...truth].filter(([, one]) => one.side === name)
            const [id, one] = mine[pick % Math.max(1, mine.length)] ?? []
            if (id === undefined || one === undefined) continue
            const part = qty < one.qty
            if (part) one.qty -= qty
            else truth.delete(id)
            if (shown(one.px)) answer = book.order(part ? 'REDUCE' : 'DELETE', id, name, one.px, part ? qty : one.qty)
          }
          if (answer === undefined) continue
          const update = port<BookUpdate>(answer, 'books')[0]
          if (update === undefined) throw new Error(short(answer))
          proven += update.proven_levels
          const pairs = (levels: readonly { px: number; qty: number }[], count: number) =>
            levels.slice(0, count).map(({ px, qty }) => [px, qty])
          const { proven_bid_levels, proven_ask_levels } = update
          // Of both sides at once there are fewer only where one side has fewer and does not certainly end.
          expect(update.proven_levels).toBeGreaterThanOrEqual(Math.min(proven_bid_levels, proven_ask_levels))
          expect(pairs(update.bids, proven_bid_levels)).toEqual(level('BUY').slice(0, proven_bid_levels))
          expect(pairs(update.asks, proven_ask_levels)).toEqual(level('SELL').slice(0, proven_ask_levels))
          const both = update.proven_levels
          expect(pairs(update.bids, both)).toEqual(level('BUY').slice(0, both))
          expect(pairs(update.asks, both)).toEqual(level('SELL').slice(0, both))
        }
      }),
      { numRuns: 400 },
    )
    expect(proven).toBeGreaterThan(1_000)
  })
})
