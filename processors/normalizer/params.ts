import Type, { type Static } from 'typebox'

export const NormalizerParams = Type.Object(
  {
    instruments: Type.Array(
      Type.Object({
        instrument_id: Type.String({ description: 'Instrument: venue symbol and venue, `BTCUSDT.BINANCE`.' }),
        venue: Type.String({ description: 'Venue, upper case.' }),
        symbol: Type.String({ description: 'Symbol as the venue spells it.' }),
        price_scale: Type.Integer({ minimum: 0, maximum: 15, description: 'Decimal places of every price.' }),
        qty_scale: Type.Integer({ minimum: 0, maximum: 15, description: 'Decimal places of every quantity.' }),
      }),
      { default: [], description: "Declared instruments; the topology's own list unless set here." },
    ),
    tokens: Type.Optional(
      Type.Array(
        Type.Object({
          token: Type.Integer({ minimum: 0, maximum: 4_294_967_295, description: 'Instrument token of Kite.' }),
          instrument_id: Type.String({ description: 'The declared instrument that it stands for.' }),
        }),
        { description: 'What the tokens of Kite stand for; a token that is not here is its own name.' },
      ),
    ),
    unknown_symbol: Type.Union([Type.Literal('declare'), Type.Literal('fault')], {
      default: 'declare',
      description:
        'A symbol that is not declared: `declare` makes an Instrument with the scales of its own decimals, `fault` refuses its frames.',
    }),
    buffer_max: Type.Integer({
      minimum: 1,
      maximum: 65_536,
      default: 1_024,
      description:
        'Depth messages kept per symbol while no snapshot has come; beyond, the oldest go and a gap is reported.',
    }),
    restart_after: Type.Integer({
      minimum: 1,
      default: 100,
      description:
        'Messages of a channel in a row that are older than the last one, after which its ids are believed to have begun anew; a gap is reported. One damaged id must not silence a channel for good.',
    }),
  },
  { additionalProperties: false },
)
export type NormalizerParams = Static<typeof NormalizerParams>
