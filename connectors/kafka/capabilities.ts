import { AppError } from '../../runtime/api/index.ts'
import type { WireClient } from './wires.ts'

/**
 * What the conformance suite (`tests/conformance`) found each client to be fit for.
 *
 * The libraries carry bytes only: records, transactions and filtering are ours, so that what they get wrong there does
 * not matter. One that fails a case is named here with it, and is refused.
 */
export interface Capabilities {
  readonly exactly_once: boolean
  /** Names of the cases that it fails. */
  readonly fails: readonly string[]
}

export const CAPABILITIES: Readonly<Record<WireClient, Capabilities>> = {
  kafkajs: { exactly_once: true, fails: [] },
  platformatic: { exactly_once: true, fails: [] },
}

/** An AppError `KAFKA_CLIENT_UNFIT` (exit 2) unless the client passes every case. */
export function requireExactlyOnce(client: WireClient): void {
  const { exactly_once, fails } = CAPABILITIES[client]
  if (exactly_once) return
  throw new AppError('KAFKA_CLIENT_UNFIT', `the client ${client} is not fit for exactly-once: ${fails.join('; ')}`, {
    exit_code: 2,
    hint: 'choose another one: `kafka: { client: ... }` in the topology',
  })
}
