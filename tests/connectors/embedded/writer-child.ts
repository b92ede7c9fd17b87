import { openEmbedded } from '../../../connectors/embedded/index.ts'
import { BatchBuilder, NO_CAUSES } from '../../../runtime/log/batch.ts'
import { append } from '../../conformance/records.ts'
import { recordsOf, TOPICS } from './written.ts'

/**
 * A writing process to be killed or starved: commits transaction after transaction and prints each number as soon as
 * it was answered. `DIR FIRST TRANSACTIONS BODY_BYTES`. On an AppError it prints its code and ends with its exit code.
 */
const [dir = '', first = '0', transactions = '0', body_bytes = '0'] = process.argv.slice(2)
const filler = Buffer.alloc(Number(body_bytes), 'x')

let broker: Awaited<ReturnType<typeof openEmbedded>> | undefined
try {
  broker = await openEmbedded(dir, { topology: 'killed', command: 'writer-child' })
  await broker.declare(TOPICS)
  const producer = await broker.producer('writer')
  let last: Promise<void> = Promise.resolve()
  for (let n = Number(first); n < Number(first) + Number(transactions); n++) {
    const batches = TOPICS.flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => {
        const builder = new BatchBuilder(name, partition, 1)
        append(builder, recordsOf(n, name, partition))
        if (filler.length > 0) builder.appendBody(filler, 'filler', 'filler/0', n, n, NO_CAUSES)
        return builder.batch()
      }),
    )
    const puts = [{ store: 'position', key: 'last', value: Buffer.from(String(n)) }]
    const before = last
    // Two commits are under way at a time, as in a running engine.
    last = producer.commit({ batches, puts }).then(() => void process.stdout.write(`${n}\n`))
    last.catch(() => {}) // The first one to fail is the one that is awaited.
    await before
  }
  await last
  await broker.close()
} catch (error) {
  const { code, exit_code, message } = error as { code: string; exit_code: number; message: string }
  process.stdout.write(`${code} ${message}\n`)
  await broker?.close()
  process.exitCode = exit_code
}
