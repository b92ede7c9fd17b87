import type { Command } from 'commander'
import { AppError } from '../runtime/api/index.ts'
import { DEFAULT_TOPOLOGY, overlayOption, topologyText } from './topology-file.ts'

/** Where a command reads from: a data directory, or a topology on Kafka. */
export type Place = DirectoryPlace | KafkaPlace

export interface DirectoryPlace {
  readonly kind: 'directory'
  readonly dir: string
}

export interface KafkaPlace {
  readonly kind: 'kafka'
  /** Brokers to begin with, `HOST:PORT`. */
  readonly kafka: string
  readonly registry: string
  /** A topology's file, or its name. */
  readonly topology: string
  /** Laid over the file. */
  readonly overlays: readonly string[]
}

export interface PlaceOptions {
  readonly data?: string
  readonly kafka?: string
  readonly registry?: string
  readonly topology?: string
  readonly overlay?: readonly string[]
}

/** `--data`, or `--kafka` and `--registry`. */
export function placeOptions(command: Command): Command {
  return kafkaOptions(command.option('--data <dir>', 'the data directory of `aitrader up`'))
}

export function kafkaOptions(command: Command): Command {
  return overlayOption(
    command
      .option('--kafka <address>', 'instead: brokers to begin with, HOST:PORT')
      .option('--registry <url>', 'with --kafka: schema registry, http://HOST:PORT/apis/ccompat/v7')
      .option('--topology <file or name>', 'with --kafka: whose topics', DEFAULT_TOPOLOGY),
  )
}

/** An AppError `BAD_OPTION` (exit 2) unless the options name one place. */
export function placeOf(options: PlaceOptions): Place {
  const { data, kafka } = options
  if (data !== undefined && kafka === undefined && options.registry === undefined)
    return { kind: 'directory', dir: data }
  if (data === undefined && kafka !== undefined) return kafkaPlaceOf(options)
  throw new AppError('BAD_OPTION', data === undefined ? 'nothing says where to read' : '--data goes without --kafka', {
    exit_code: 2,
    hint: 'give --data DIR, or --kafka HOST:PORT --registry URL',
  })
}

/** The same for commands that are for Kafka only. */
export function kafkaPlaceOf({
  kafka,
  registry,
  topology = DEFAULT_TOPOLOGY,
  overlay: overlays = [],
}: PlaceOptions): KafkaPlace {
  if (kafka !== undefined && registry !== undefined) return { kind: 'kafka', kafka, registry, topology, overlays }
  throw new AppError('BAD_OPTION', `${kafka === undefined ? '--kafka' : '--registry'} is missing`, {
    exit_code: 2,
    hint: 'give both: --kafka HOST:PORT --registry http://HOST:PORT/apis/ccompat/v7',
  })
}

/** The options that name the place, as they would be typed: for hints. */
export function placeText(place: Place): string {
  if (place.kind === 'directory') return `--data ${place.dir}`
  const { kafka, registry, topology, overlays } = place
  return `--kafka ${kafka} --registry ${registry}${topologyText(topology, overlays)}`
}
