/**
 * Decodes Binance futures: USD-M, and COIN-M as data only, because an inverse contract is no instrument to trade here.
 *
 * Depth follows `pu`: it is the `u` of the change before, anything else is a gap. Against a snapshot with last id L,
 * changes with `u <= L` are useless, and the first one passed on has `U <= L`, or `pu` is L. Otherwise as spot
 * (depth-sequence.ts). Silent about answers to subscriptions, and about quotes and trades that came already.
 */
import type { Instrument } from '../../../schemas/generated/index.ts'
import { onChange, onSnapshot } from '../binance-spot/depth-sequence.ts'
import { initialState, type NormalizerState, snapshotState } from '../binance-spot/state.ts'
import { messageEvent } from '../events.ts'
import { defineJsonVenue } from '../json-venue.ts'
import { onQuote, onTrade } from '../numbered.ts'
import { linked, openUsdm, readUsdm, type UsdmFrame, type UsdmMessage, writtenUsdm } from './read.ts'

const VENUE = 'BINANCE_USDM'

/** That of a spot symbol, and its venue. */
type UsdmState = NormalizerState & { readonly venue: string; silent: number }

/** `BTCUSDT` settles in USDT; `BTCUSD_PERP` and `BTCUSD_240927` settle in the coin. */
function known(symbol: string): Partial<Instrument> {
  const inverse = /USD_/.test(symbol)
  return { kind: inverse ? 'INVERSE' : 'LINEAR', tradable: !inverse }
}

export const binanceUsdm = defineJsonVenue<UsdmState, UsdmFrame, UsdmMessage>({
  venue: VENUE,
  initial: () => ({ venue: VENUE, silent: 0, ...initialState() }),
  copy: (state) => ({ ...state, ...snapshotState(state) }),
  open: openUsdm,
  written: writtenUsdm,
  known,
  read: (frame, listing) => readUsdm(frame, listing.symbol, listing),

  apply(state, { spot, previous, first_trade }, frame, listing, ctx, out) {
    const event = messageEvent(listing, spot, frame)
    const { depth } = spot
    if (depth?.snapshot === true) onSnapshot(state, event, (id) => ctx.cause(id), ctx.params, out)
    else if (depth !== null) {
      const change = linked(event, previous)
      if (change.depth !== null)
        onChange(state, change, change.depth, ctx.id, ctx.params, out, depth.first_sequence + 1)
    } else if (spot.kind === 'trade') onTrade(state, event, first_trade, ctx.params.restart_after, out)
    else onQuote(state, event, ctx.params.restart_after, out)
  },
})
