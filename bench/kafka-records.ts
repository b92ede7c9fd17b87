/**
 * Makes types and codecs of the Kafka benches' records from the schema files that the Java twin uses as well.
 *
 * `node bench/kafka-records.ts [--check]`. The files lie beside the schemas, apart from the product's records, so that
 * no topology of users can speak of them; with `--check` nothing is written and a difference exits with 1.
 */
import { join } from 'node:path'
import { generateRecords, writeGenerated } from '../schemas/generate.ts'

const ROOT = join(import.meta.dirname, 'peers/kafka-streams')

const check = process.argv.includes('--check')
const files = generateRecords(ROOT)
  .filter(({ path }) => path.endsWith('.ts'))
  .map(({ path, text }) => ({
    path,
    text: text
      .replace('Made by `aitrader generate` from', 'Made by `node bench/kafka-records.ts` from')
      .replaceAll("from '../../runtime/", "from '../../../../../runtime/")
      .replaceAll("from '../misfit.ts'", "from '../../../../../schemas/misfit.ts'")
      .replaceAll("from '../wire-", "from '../../../../../schemas/wire-"),
  }))
for (const path of writeGenerated(files, { root: ROOT, check })) {
  process.stdout.write(`${check ? 'differs' : 'wrote'} ${path}\n`)
  if (check) process.exitCode = 1
}
