/** A process that writes under a transactional id when it is told to, and tells what came of it. */
import { openKafka } from '../../connectors/kafka/index.ts'
import { batchOf, numbered } from './records.ts'

const { options, topic } = JSON.parse(process.argv[2] as string)
const broker = await openKafka(options)
const producer = await broker.producer('writer')
process.on('message', async (seq: number) => {
  const transaction = { batches: [batchOf(topic, 0, numbered(seq, seq + 1))], puts: [] }
  const outcome = await producer.commit(transaction).then(
    () => 'committed',
    (error: { code: string }) => error.code,
  )
  process.send?.(outcome)
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
