import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { lint } from '../../runtime/topology/lint.ts'
import { parseTestFile } from '../../runtime/topology/test-file.ts'
import type { World } from '../../runtime/topology/world.ts'
import { DEFAULT_TOPOLOGY, formatFindings, readText, wantsColour } from '../topology-file.ts'
import { shippedWorld } from '../world.ts'

/**
 * `aitrader lint`: everything that is wrong with topologies and topology tests, at once. Exit code 1 if anything is.
 *
 * For people, findings and a closing line; with `--json` one finding per line and nothing else.
 */
export function lintCommand(load: () => Promise<World> = shippedWorld): Command {
  return new Command('lint')
    .description('check topologies and topology tests: shape, names, records, ports, parameters, cycles')
    .argument('[files...]', 'YAML files', [DEFAULT_TOPOLOGY])
    .option('--json', 'one JSON object per finding')
    .action(async (files: string[], { json }: { json?: boolean }) => {
      const world = await load()
      const findings = files.flatMap((file) => lintFile(file, world))
      if (json) for (const finding of findings) process.stdout.write(`${JSON.stringify(finding)}\n`)
      else {
        process.stdout.write(formatFindings(findings, wantsColour(process.stdout)))
        const found = findings.length === 1 ? '1 finding' : `${findings.length || 'no'} findings`
        process.stdout.write(`${files.length === 1 ? files[0] : `${files.length} files`}: ${found}\n`)
      }
      if (findings.length > 0) process.exitCode = 1
    })
}

function lintFile(file: string, world: World) {
  const text = readText(file)
  // A file with `tests:` is a topology test; topologies have no such field.
  if (!/^tests:/m.test(text)) return lint(text, file, world).findings
  const load = (path: string) => (existsSync(path) ? lint(readText(path), path, world) : undefined)
  return parseTestFile(text, file, world, load).findings
}
