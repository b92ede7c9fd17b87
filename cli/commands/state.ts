import { Command } from 'commander'
import { AppError } from '../../runtime/api/index.ts'
import type { StateEntry } from '../../runtime/engine/state-view.ts'
import { hintFor } from '../../runtime/topology/nearest.ts'
import { compose } from '../compose.ts'
import { parseWhole } from '../options.ts'
import { Output } from '../output.ts'
import { type PlaceOptions, placeOf, placeOptions } from '../place.ts'
import { inReading, jsonOf, recordOf } from '../reading.ts'
import { StageState } from '../stage-state.ts'

interface StateOptions extends PlaceOptions {
  readonly key?: string
  readonly at?: string
  readonly json?: boolean
}

/** `aitrader state STAGE`: what a stage knows, now or as of one of its input records. */
export function stateCommand(): Command {
  return placeOptions(new Command('state'))
    .description('what a stage knows: one object per key, now or as of an input record')
    .argument('<stage>', 'a stage of the topology')
    .option('--key <key>', 'this key only')
    .option('--at <topic:partition:offset>', 'as of this input record, it included; of the tasks that read it')
    .option('--json', 'one JSON object per key')
    .action(state)
}

async function state(stage: string, options: StateOptions): Promise<void> {
  const at = options.at === undefined ? undefined : parseAt(options.at)
  await inReading(placeOf(options), { kind: at === undefined ? 'stage' : 'history', stage }, async (directory) => {
    const { topology, source, seed } = directory.run
    const view = new StageState(directory.reader, await compose(topology, source, seed), stage, directory.restore)
    if (at !== undefined) recordOf(directory, at.topic)
    const entries = at === undefined ? await view.now() : await view.at(at.topic, at.partition, at.offset)
    const out = new Output(process.stdout)
    for (const entry of ofKey(entries, options.key)) {
      const shown = { ...entry, state: view.readable(entry) }
      await out.line(options.json === true ? jsonOf(shown) : textOf(shown))
    }
    await out.end()
  })
}

function parseAt(text: string): { topic: string; partition: number; offset: number } {
  const [offset, partition, ...topic] = text.split(':').reverse()
  if (topic.length !== 1 || topic[0] === '') {
    throw new AppError('BAD_OPTION', `--at ${JSON.stringify(text)} is not TOPIC:PARTITION:OFFSET`, {
      exit_code: 2,
      hint: 'write it like market.events.v1:0:1200; `aitrader topic list` names topics and offsets',
    })
  }
  return {
    topic: topic[0] as string,
    partition: parseWhole(partition ?? '', '--at (partition)'),
    offset: parseWhole(offset ?? '', '--at (offset)'),
  }
}

function ofKey(entries: readonly StateEntry[], key: string | undefined): readonly StateEntry[] {
  if (key === undefined) return entries
  const found = entries.filter((entry) => entry.key === key)
  if (found.length > 0) return found
  throw new AppError('KEY_UNKNOWN', `there is no state of the key ${key}`, {
    exit_code: 2,
    hint: hintFor(
      key,
      entries.map((entry) => entry.key),
      'keys',
    ),
  })
}

function textOf({ key, state, timers }: Omit<StateEntry, 'state'> & { readonly state: unknown }): string {
  const lines = [key, `  ${indented(state)}`]
  for (const { name, due_us } of timers) lines.push(`  timer ${name} at ${new Date(due_us / 1000).toISOString()}`)
  return lines.join('\n')
}

function indented(state: unknown): string {
  return JSON.stringify(JSON.parse(jsonOf(state)), null, 2).replaceAll('\n', '\n  ')
}
