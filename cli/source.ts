import { createReplay, replayFormats } from '../connectors/replay/index.ts'
import { simulatedMarket } from '../connectors/simulated-market/index.ts'
import { AppError, type Source } from '../runtime/api/index.ts'

/** Which data source a run has: `--replay FILE --format NAME`, each any number of times, or the simulated market. */
export interface SourceOptions {
  readonly replay: readonly string[]
  readonly format: readonly string[]
}

/** For commander: an option that may be given several times. */
export const collect = (value: string, all: readonly string[]): string[] => [...all, value]

/** An AppError `BAD_OPTION` (exit 2), or what the replay refuses. `name` is fit for a directory's name. */
export async function sourceOf(
  options: SourceOptions,
  seed: number,
): Promise<{ source: Source; label: string; name: string }> {
  if (options.replay.length === 0) {
    if (options.format.length > 0) {
      throw new AppError('BAD_OPTION', '--format goes with --replay', {
        exit_code: 2,
        hint: 'name the file: --replay FILE --format NAME',
      })
    }
    const name = seed === 1 ? 'simulated' : `simulated-${seed}`
    return { source: simulatedMarket({ seed }), label: `simulated market, seed ${seed}`, name }
  }
  if (options.format.length !== options.replay.length) {
    const known = Object.keys(replayFormats).join(', ')
    throw new AppError(
      'BAD_OPTION',
      `${options.replay.length} --replay and ${options.format.length} --format were given`,
      {
        exit_code: 2,
        hint: `give one --format for each --replay; known formats: ${known}`,
      },
    )
  }
  const files = options.replay.map((path, index) => ({ path, format: options.format[index] as string }))
  const source = await createReplay({ files, formats: replayFormats })
  const base =
    (options.replay[0] as string)
      .split('/')
      .pop()
      ?.replace(/[^A-Za-z0-9_-]+/g, '-') ?? 'file'
  return { source, label: `replay of ${options.replay.join(', ')}`, name: `replay-${base}` }
}
