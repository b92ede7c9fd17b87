/** Parameters of `bars`: which bars are made, by which clock, of which trades. */
import Type, { type Static } from 'typebox'

export const barsParams = Type.Object(
  {
    intervals: Type.Array(Type.String({ pattern: '^([1-9][0-9]{0,3}[smhd]|(tick|volume|value):[1-9][0-9]{0,14})$' }), {
      minItems: 1,
      maxItems: 16,
      uniqueItems: true,
      default: ['1s', '1m', '5m', '1d'],
      description:
        'What closes a bar: time (`1s`, `1m`, `5m`, `1h`, `1d`), `tick:N` trades, `volume:N` in qty_scale, `value:N` in units of the quote currency. `1d` is the local day of the session calendar; other times are aligned to UTC.',
    }),
    clock: Type.Union([Type.Literal('stream'), Type.Literal('venue')], {
      default: 'stream',
      description:
        "Time that places a trade in a time bar. `stream`: when it arrived here; no trade can be late. `venue`: the venue's stamp; a trade stamped before the open bar is late and joins no bar of that interval.",
    }),
    grace_ms: Type.Integer({
      minimum: 0,
      maximum: 60_000,
      default: 1_000,
      description:
        "Of clock `venue`: stream time beyond the bar's end, seen from its first trade, that silence must last before the bar closes.",
    }),
    conditions: Type.Object(
      {
        coding: Type.Union([Type.Literal('letters'), Type.Literal('flags')], {
          default: 'letters',
          description:
            '`letters`: every character of `trade.conditions` is a code. `flags`: the text is a hexadecimal bit mask.',
        }),
        no_price: Type.String({
          maxLength: 64,
          default: 'BCGHIMNPQRTUVWZ47',
          description:
            'Codes (or mask) whose trades move no price of a bar. The default is the sale conditions that update neither last nor high and low without condition, CTA and UTP Plan participants specifications.',
        }),
        no_volume: Type.String({
          maxLength: 64,
          default: 'MQ9',
          description:
            'Codes (or mask) whose trades add no volume: official open and close, corrected close (same source).',
        }),
        price_always: Type.String({
          maxLength: 64,
          default: '',
          description: 'Codes (or mask) whose trades move prices whatever else they carry.',
        }),
      },
      { default: {}, additionalProperties: false, description: 'Sale conditions; a trade without any counts in full.' },
    ),
  },
  { additionalProperties: false },
)

export type BarsParams = Static<typeof barsParams>
