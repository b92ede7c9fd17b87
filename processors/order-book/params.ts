import Type, { type Static } from 'typebox'

export const OrderBookParams = Type.Object(
  {
    levels: Type.Integer({ minimum: 1, maximum: 1_000, default: 10, description: 'Levels per side in a BookUpdate.' }),
    max_levels: Type.Integer({
      minimum: 10,
      maximum: 100_000,
      default: 16_384,
      description: 'Levels kept per side; the farthest are forgotten, and nothing beyond them is proven.',
    }),
    proven_min: Type.Integer({
      minimum: 0,
      default: 1,
      description: 'Levels of each side that must be certainly right for the book to be LIVE; with fewer it is a GAP.',
    }),
    stale_after_ms: Type.Integer({
      minimum: 1,
      default: 60_000,
      description: 'Stream time without an order until the book is STALE.',
    }),
  },
  { additionalProperties: false },
)
export type OrderBookParams = Static<typeof OrderBookParams>
