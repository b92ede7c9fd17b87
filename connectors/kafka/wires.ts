/** The wire of a chosen library. Each is loaded only when chosen: one of them takes 200 ms to load. */
import type { Wire, WireOptions } from './wire.ts'

export const WIRE_CLIENTS = ['kafkajs', 'platformatic'] as const
export type WireClient = (typeof WIRE_CLIENTS)[number]

export async function openWire(client: WireClient, options: WireOptions): Promise<Wire> {
  if (client === 'kafkajs') return (await import('./wire-kafkajs.ts')).kafkajsWire(options)
  return (await import('./wire-platformatic.ts')).platformaticWire(options)
}
