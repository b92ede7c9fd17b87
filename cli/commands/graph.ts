import { Command, Option } from 'commander'
import { AppError } from '../../runtime/api/index.ts'
import { mermaid } from '../../runtime/topology/graph.ts'
import type { World } from '../../runtime/topology/world.ts'
import { DEFAULT_TOPOLOGY, formatFindings, lintTopology, overlayOption, wantsColour } from '../topology-file.ts'
import { shippedWorld } from '../world.ts'

/** `aitrader graph`: a picture of a topology on stdout. A topology with findings has none: exit code 1. */
export function graphCommand(load: () => Promise<World> = shippedWorld): Command {
  const command = new Command('graph')
    .description('draw a topology: stages, topics on the edges, feedback dashed')
    .argument('[file]', 'YAML file', DEFAULT_TOPOLOGY)
    .addOption(new Option('--format <format>', 'output format').choices(['mermaid']).default('mermaid'))
    .action(async (file: string, { overlay }: { overlay: string[] }) => {
      const { topology, findings } = lintTopology(file, await load(), overlay)
      if (topology !== undefined) {
        process.stdout.write(mermaid(topology))
        return
      }
      process.stderr.write(formatFindings(findings, wantsColour(process.stderr)))
      throw new AppError('TOPOLOGY_INVALID', `${file} cannot be drawn`, {
        exit_code: 1,
        hint: `run \`aitrader lint ${file}\``,
      })
    })
  return overlayOption(command)
}
