/** Hands ITCH messages to the normalizer, one after the other, and tells what the last one says. */
import { normalizer } from '../../processors/normalizer/index.ts'
import type { MarketEvent } from '../../schemas/generated/index.ts'
import { told } from './fuzzed-decoder.ts'
import { Hand, port, rawFrame } from './kit.ts'

const PARAMS = { instruments: [], unknown_symbol: 'declare', buffer_max: 1, restart_after: 1 }

/** After the messages: what the last one tells, or its fault; a fault must have changed nothing. */
export function answer(messages: readonly Uint8Array[], symbol = 'ACME') {
  const hand = new Hand(normalizer, `NASDAQ:${symbol}`, PARAMS)
  const fields = { venue_symbol: `NASDAQ:${symbol}`, venue: 'NASDAQ', channel: 'itch50' }
  const [last, ...others] = [...messages].reverse()
  for (const message of others.reverse()) {
    const earlier = hand.on('frames', rawFrame(message, fields))
    if ('fault' in earlier) throw new Error(`before the last message: ${earlier.fault}`)
  }
  const before = hand.text()
  const made = hand.on('frames', rawFrame(last as Uint8Array, fields))
  if ('fault' in made && hand.text() !== before) throw new Error('a fault changed the state')
  return { made, hand }
}
export function says(messages: readonly Uint8Array[], symbol?: string): string[] | string {
  const { made } = answer(messages, symbol)
  return 'fault' in made ? made.fault : port<MarketEvent>(made, 'events').map(told)
}

/** The message with other bytes from `at` on. */
export function poked(message: Uint8Array, at: number, text: string): Uint8Array {
  const copy = Buffer.from(message)
  copy.write(text, at, 'latin1')
  return copy
}
