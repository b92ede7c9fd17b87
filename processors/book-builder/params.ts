import Type, { type Static } from 'typebox'

export const BookBuilderParams = Type.Object(
  {
    levels: Type.Integer({ minimum: 1, maximum: 1_000, default: 10, description: 'Levels per side in a BookUpdate.' }),
    max_levels: Type.Integer({
      minimum: 10,
      maximum: 100_000,
      default: 4_096,
      description: 'Levels kept per side; the farthest go once a side is longer, of a book by level an eighth longer.',
    }),
    proven_min: Type.Integer({
      minimum: 0,
      default: 1,
      description:
        'Levels of each side that must be certainly right for a book by order to be LIVE; with fewer it is a GAP.',
    }),
    stale_after_ms: Type.Integer({
      minimum: 1,
      default: 2_000,
      description: 'Stream time without a change until the book is STALE.',
    }),
  },
  { additionalProperties: false },
)
export type BookBuilderParams = Static<typeof BookBuilderParams>
