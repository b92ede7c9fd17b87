/** What a venue's decoder can find wrong with a frame; every decoder uses these codes, and has no others of its own without need. */

export const decodeFaults = {
  SYMBOL_UNKNOWN: 'The symbol of the frame cannot be told, or is not declared and `unknown_symbol` is `fault`.',
  VENUE_UNKNOWN: 'No decoder is there for the venue of the frame.',
  FRAME_MALFORMED: 'The frame is not the JSON that its kind needs: broken text, a missing or mistyped field.',
  FRAME_TOO_LONG: 'The frame is longer than any message of the venue; it was not read.',
  FRAME_UNKNOWN: 'The frame is of a kind that this feed does not subscribe to.',
  SYMBOL_MISMATCH: 'The frame names another symbol than the stream it came in.',
  SCALE_EXCEEDED: 'A price or quantity has digits beyond the scale of its instrument.',
  VALUE_OUT_OF_RANGE: 'A number is negative, zero where it cannot be, or beyond 2^53 - 1 in its scale.',
  QUOTE_CROSSED: "The venue's own best bid is at or above its best ask.",
} as const

export type DecodeFault = keyof typeof decodeFaults
