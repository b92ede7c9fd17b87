import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '../../runtime/api/index.ts'
import { faultyGround } from '../../runtime/topology/test-faults.ts'
import { engineOptions, type Ground, playWhole, simulatedGround } from '../../runtime/topology/test-run.ts'
import { readWritten } from '../../runtime/topology/test-script.ts'
import { parseWhole } from '../options.ts'
import type { Target } from '../run/target.ts'
import type { Case } from './files.ts'
import type { OpenGround } from './open-ground.ts'

export const BROKERS = ['simulated', 'embedded', 'kafka'] as const
export type BrokerName = (typeof BROKERS)[number]

export interface GroundOptions {
  readonly on: BrokerName
  readonly kafka?: string
  readonly registry?: string
  readonly faults?: string
}

/**
 * Makes the broker ready for the tests; `stop` ends those that run. AppErrors `BAD_OPTION` (exit 2), and as brokers and
 * registry refuse.
 */
export async function openGround(
  options: GroundOptions,
  cases: readonly Case[],
  stop: AbortSignal,
): Promise<OpenGround> {
  const { on, faults, kafka, registry } = options
  if (faults !== undefined && on !== 'simulated') {
    throw new AppError('BAD_OPTION', `--faults does not go with --on ${on}`, {
      exit_code: 2,
      hint: 'only the simulated broker has faults to choose',
    })
  }
  if (on === 'kafka') {
    const { openKafkaGround } = await import('./kafka-ground.ts')
    return openKafkaGround(targetOf(options, process.env), cases, stop)
  }
  if (kafka !== undefined || registry !== undefined) {
    throw new AppError('BAD_OPTION', `--${kafka === undefined ? 'registry' : 'kafka'} does not go with --on ${on}`, {
      exit_code: 2,
      hint: 'add --on kafka',
    })
  }
  if (on === 'embedded') return { play: embeddedGround, at_once: 4, close: async () => {} }
  const play = faults === undefined ? simulatedGround() : faultyGround(parseWhole(faults, '--faults'))
  return { play, at_once: 1, close: async () => {} }
}

/** The addresses as given, else from `KAFKA_BOOTSTRAP` and `REGISTRY_URL`. An AppError `BAD_OPTION` (exit 2). */
export function targetOf(
  options: Pick<GroundOptions, 'kafka' | 'registry'>,
  environment: Readonly<Record<string, string | undefined>>,
): Target {
  const kafka = options.kafka ?? (environment.KAFKA_BOOTSTRAP || undefined)
  const registry = options.registry ?? (environment.REGISTRY_URL || undefined)
  if (kafka !== undefined && registry !== undefined) return { kafka, registry }
  throw new AppError('BAD_OPTION', `--on kafka needs ${kafka === undefined ? 'a broker' : 'a schema registry'}`, {
    exit_code: 2,
    hint: 'give --kafka HOST:PORT --registry http://HOST:PORT/apis/ccompat/v7, or set KAFKA_BOOTSTRAP and REGISTRY_URL',
  })
}

/** Each test in a directory of its own, removed afterwards. */
const embeddedGround: Ground = async (script, options) => {
  const dir = mkdtempSync(join(tmpdir(), 'aitrader-topology-test-'))
  try {
    // Its store is loaded where it is asked for only.
    const { openEmbedded } = await import('../../connectors/embedded/index.ts')
    const broker = await openEmbedded(dir, { topology: script.topology.name })
    try {
      const engine = await playWhole(script, { ...engineOptions(script, options), broker })
      return await readWritten(broker, script, engine.plan)
    } finally {
      await broker.close()
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
