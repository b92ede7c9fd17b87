import { Command } from 'commander'
import { AppError } from '../../runtime/api/index.ts'
import { overlaySchemaFile, topologySchemaFile } from '../../runtime/topology/json-schema.ts'
import { topologyReferenceFile } from '../../runtime/topology/reference.ts'
import { testSchemaFile } from '../../runtime/topology/test-json-schema.ts'
import { generateRecords, writeGenerated } from '../../schemas/generate.ts'
import { ROOT } from '../compose.ts'
import { denialPageFile } from '../denial-page.ts'
import { metricsPageFile } from '../metrics-page.ts'
import { shippedWorld } from '../world.ts'

/**
 * `aitrader generate`: everything that is made from schemas and specs, so that nothing is written twice.
 *
 * Records come first, since the processors, from which the rest is made, import them.
 */
export function generateCommand(): Command {
  return new Command('generate')
    .description('make types, codecs, JSON Schemas and reference pages from schemas and specs')
    .option('--check', 'write nothing; exit 1 if a generated file is not up to date')
    .action(async ({ check = false }: { check?: boolean }) => {
      const options = { root: ROOT, check }
      const different = writeGenerated(generateRecords(ROOT), options)
      const world = await shippedWorld()
      const files = [
        topologySchemaFile(world),
        overlaySchemaFile(world),
        testSchemaFile(),
        topologyReferenceFile(world),
        denialPageFile(),
        metricsPageFile(),
      ]
      different.push(...writeGenerated(files, options))
      for (const path of different) process.stdout.write(`${check ? 'differs' : 'wrote'} ${path}\n`)
      if (check && different.length > 0) {
        throw new AppError('GENERATED_STALE', `${different.length} generated files are not up to date`, {
          exit_code: 1,
          hint: 'run `aitrader generate` and commit what it writes',
        })
      }
    })
}
