import { defineProcessor, fault } from '../../runtime/api/index.ts'
import { RawFrame } from '../../schemas/generated/index.ts'
import { decodeFaults } from './faults.ts'
import { NormalizerParams } from './params.ts'
import { type AnyDecoder, type Outcome, outputs, type VenueState } from './venue.ts'
import { venues } from './venues.ts'

/**
 * Decodes frames of every venue into market events of one instrument, in the order of the venue's own sequences.
 *
 * The venue in a frame's key picks its decoder (see venue.ts). Silent about depth until a snapshot came, about what
 * came already and about what a venue says of itself: those are dropped and counted. A missing depth update is a gap
 * and waits for a snapshot. A frame that cannot be read is a fault and changes nothing; its bytes are in the dead
 * letter.
 */

const decoders: ReadonlyMap<string, AnyDecoder> = new Map(venues.map((decoder) => [decoder.venue, decoder]))

/** For keys of venues that nobody decodes: their frames are dead letters, and the run goes on. */
const unknown: AnyDecoder = {
  venue: '',
  initial: () => ({ venue: '', gaps: 0 }),
  copy: (state) => ({ ...state }),
  frames: (_state, frame) => fault('VENUE_UNKNOWN', { venue_symbol: frame.venue_symbol }),
}

function decoderOf({ venue }: VenueState): AnyDecoder {
  return decoders.get(venue ?? 'BINANCE') ?? unknown
}

/** The decoder of most frames, found without a look into the table. */
const spot = decoderOf({ gaps: 0 })

export const normalizer = defineProcessor({
  name: 'normalizer',
  description: `Decodes the frames of venues (${venues.map(({ venue }) => venue).join(', ')}) into market events, and watches over their sequences.`,
  inputs: { frames: RawFrame },
  tables: {},
  outputs,
  // Venues that make bars of their own came later than most topologies; few have one.
  optional_outputs: ['bars'],
  faults: Object.assign({}, decodeFaults, ...venues.map(({ faults }) => faults ?? {})),
  params: NormalizerParams,
  initial: (key: string) => (decoders.get(key.slice(0, key.indexOf(':'))) ?? unknown).initial(),
  snapshot: (state: VenueState) => decoderOf(state).copy(state) as never,
  restore: (json) => decoderOf(json as never).copy(json as never),
  on: {
    frames(state: VenueState, frame: RawFrame, ctx): Outcome<VenueState> {
      return (state.venue === undefined ? spot : decoderOf(state)).frames(state, frame, ctx)
    },
  },
})
