import { Command } from 'commander'
import { AppError } from '../../runtime/api/index.ts'
import type { HeldPartition, TransactionRow } from '../deployed/transactions.ts'
import { parseWhole } from '../options.ts'
import { DEFAULT_TOPOLOGY, overlayOption } from '../topology-file.ts'

interface TxnOptions {
  readonly kafka: string
  readonly topology: string
  readonly overlay: readonly string[]
  readonly json?: boolean
}

interface AbortOptions extends TxnOptions {
  readonly hanging?: string
}

/**
 * `aitrader txn list|abort`: transactions of a topology on Kafka, and the end of one that holds records up. `list` exits 1
 * where one hangs.
 */
export function txnCommand(): Command {
  const command = new Command('txn').description(
    'transactions of a topology on Kafka: look at them, end one that hangs',
  )
  const place = (sub: Command) =>
    overlayOption(
      sub
        .requiredOption('--kafka <address>', 'brokers to begin with, HOST:PORT')
        .option('--topology <file or name>', 'whose transactions', DEFAULT_TOPOLOGY),
    ).option('--json', 'one JSON object')
  place(command.command('list'))
    .description('transactional ids of the topology, and partitions whose ends an open transaction holds back')
    .action(list)
  place(command.command('abort'))
    .description('end the open transaction of an id; a process that still has it is fenced and opens its lane anew')
    .argument('<id>', 'transactional id as `txn list` shows it; with --hanging: the producer id')
    .option('--hanging <topic/partition>', 'end one that its coordinator does not know any more, where it stands')
    .action(abort)
  return command
}

async function list({ json, ...options }: TxnOptions): Promise<void> {
  const { heldPartitions, transactionsOf } = await import('../deployed/transactions.ts')
  const { broker, name } = await open(options)
  try {
    const transactions = await transactionsOf(broker, name)
    const held = await heldPartitions(broker, name)
    process.stdout.write(json === true ? `${JSON.stringify({ transactions, held })}\n` : pageOf(transactions, held))
    if (held.some(({ hangs }) => hangs)) process.exitCode = 1
  } finally {
    await broker.close()
  }
}

async function abort(text: string, { json, hanging, ...options }: AbortOptions): Promise<void> {
  const { abortHanging, abortTransaction, describeTransaction } = await import('../../connectors/kafka/admin.ts')
  const { isOpen } = await import('../deployed/transactions.ts')
  const { namesOf } = await import('../../connectors/kafka/names.ts')
  const { broker, name } = await open(options)
  try {
    if (hanging !== undefined) {
      const at = hanging.lastIndexOf('/')
      const partition = parseWhole(hanging.slice(at + 1), '--hanging (partition)')
      await abortHanging(broker.cluster, { topic: hanging.slice(0, at), partition }, parseWhole(text, 'ID'))
    } else {
      const id = namesOf(name).transactionalId(text)
      const found = await describeTransaction(broker.cluster, id)
      if (found === undefined || !isOpen(found)) {
        throw new AppError('KAFKA_NO_TRANSACTION', `${id} has no open transaction`, {
          exit_code: 2,
          hint: '`aitrader txn list` shows those that are open; one that its coordinator forgot is ended with --hanging',
        })
      }
      await abortTransaction(broker.cluster, id)
    }
    process.stdout.write(json === true ? `${JSON.stringify({ aborted: text })}\n` : `aborted: ${text}\n`)
  } finally {
    await broker.close()
  }
}

async function open({ kafka, topology, overlay }: TxnOptions) {
  const { openNamed } = await import('../deployed/open.ts')
  return openNamed(kafka, topology, overlay)
}

function pageOf(transactions: readonly TransactionRow[], held: readonly HeldPartition[]): string {
  const width = Math.max(0, ...transactions.map(({ id }) => id.length))
  const lines = transactions.map(({ id, state, begun_ms_ago, partitions }) => {
    const when = begun_ms_ago === null ? 'none yet' : `begun ${(begun_ms_ago / 1000).toFixed(1)} s ago`
    const where = partitions.length === 0 ? '' : `  ${partitions.join(', ')}`
    return `${id.padEnd(width)}  ${state.padEnd(14)}  ${when}${where}`
  })
  for (const { topic, partition, held: count, id, producer_id, hangs } of held) {
    const how = hangs ? `hangs: aitrader txn abort ${producer_id} --hanging ${topic}/${partition}` : 'is open'
    lines.push(
      `${topic}/${partition}: ${count} offsets are held back; the transaction of ${id ?? `producer ${producer_id}`} ${how}`,
    )
  }
  return lines.length === 0 ? 'no transactions\n' : `${lines.join('\n')}\n`
}
