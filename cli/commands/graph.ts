import { Command, Option } from 'commander'
import { AppError } from '../../runtime/api/index.ts'
import { planLanes } from '../../runtime/plan/lanes.ts'
import { plan } from '../../runtime/plan/plan.ts'
import { type Graph, graphOf } from '../../runtime/topology/graph.ts'
import { diffGraphs } from '../../runtime/topology/graph-diff.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import type { World } from '../../runtime/topology/world.ts'
import { wallClock } from '../engine.ts'
import { dot } from '../graph/dot.ts'
import { withLive } from '../graph/live.ts'
import { mermaid } from '../graph/mermaid.ts'
import { DEFAULT_TOPOLOGY, formatFindings, lintTopology, overlayOption, wantsColour } from '../topology-file.ts'
import { shippedWorld } from '../world.ts'

const FORMATS = ['mermaid', 'dot', 'svg', 'json', 'html'] as const

interface GraphOptions {
  readonly format: (typeof FORMATS)[number]
  readonly overlay: string[]
  readonly diff?: string
  readonly live?: string
}

/** Between the two looks at a running process that a rate is made of, milliseconds. */
const WINDOW_MS = 1000

/**
 * `aitrader graph`: a picture of a topology on stdout. A topology with findings has none: exit code 1.
 *
 * `--diff` draws the topology beside an older one, with what was added, removed and changed marked; overlays are laid
 * over both. `--live` asks a running process how much flows.
 */
export function graphCommand(load: () => Promise<World> = shippedWorld): Command {
  const command = new Command('graph')
    .description('draw a topology: stages, lanes, topics on the edges, feedback dashed')
    .argument('[file]', 'YAML file', DEFAULT_TOPOLOGY)
    .addOption(new Option('--format <format>', 'output format').choices(FORMATS).default('mermaid'))
    .option('--diff <file>', 'an older topology: mark what was added, removed and changed since')
    .option('--live <url>', 'a process that runs it (`--listen`): rates and lag on the edges')
    .action(async (file: string, { format, overlay, diff, live }: GraphOptions) => {
      const world = await load()
      let graph = drawn(file, world, overlay)
      if (diff !== undefined) graph = diffGraphs(drawn(diff, world, overlay), graph)
      if (live !== undefined) graph = await withLive(graph, live, { ...WORLD, window_ms: WINDOW_MS })
      process.stdout.write(await render(graph, format))
    })
  return overlayOption(command)
}

const WORLD = {
  now_ms: () => wallClock.now_ms(),
  wait: (ms: number) => wallClock.wait(ms),
  fetch: async (url: string) => {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) })
    if (!answer.ok) throw new Error(`it answers ${answer.status}`)
    return answer.text()
  },
}

async function render(graph: Graph, format: GraphOptions['format']): Promise<string> {
  if (format === 'mermaid') return mermaid(graph)
  if (format === 'dot') return dot(graph)
  if (format === 'json') return `${JSON.stringify(graph, null, 2)}\n`
  const [{ layOut }, { page }] = await Promise.all([import('../graph/svg.ts'), import('../graph/page.ts')])
  const svg = await layOut(dot(graph))
  return format === 'svg' ? svg : page(graph, svg)
}

function drawn(file: string, world: World, overlays: readonly string[]): Graph {
  const { topology, findings } = lintTopology(file, world, overlays)
  if (topology !== undefined) return graphOf(topology, lanesOf(topology, world))
  process.stderr.write(formatFindings(findings, wantsColour(process.stderr)))
  throw new AppError('TOPOLOGY_INVALID', `${file} cannot be drawn`, {
    exit_code: 1,
    hint: `run \`aitrader lint ${file}\``,
  })
}

/** The lane of each stage and source; none where there is but one, or where the lanes contradict each other. */
function lanesOf(topology: Topology, world: World): ((name: string) => string | undefined) | undefined {
  const lanes = new Map<string, string>()
  try {
    for (const lane of planLanes(plan(topology, world)).lanes) {
      const partitioned = lane.tasks.length > 0 && lane.name.endsWith(`-${lane.tasks[0]?.number}`)
      const plain = lane.name.replace(/-\d+$/, '')
      const split = partitioned && !Object.hasOwn(topology.stages, lane.name) && Object.hasOwn(topology.stages, plain)
      for (const { name } of lane.sources) lanes.set(name, lane.name)
      for (const { stage } of lane.tasks) lanes.set(stage, split ? plain : lane.name)
    }
  } catch (error) {
    // The picture of a topology that only Kafka refuses is still worth having.
    if (error instanceof AppError) return undefined
    throw error
  }
  return new Set(lanes.values()).size < 2 ? undefined : (name) => lanes.get(name)
}
