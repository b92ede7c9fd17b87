import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { Log, type Submission, type Trimming, trimming } from '../../runtime/api/log.ts'
import { LmdbStore } from './lmdb-store.ts'
import {
  type AcquireRequest,
  type CommitRequest,
  type DeclareRequest,
  type Message,
  type Opened,
  type Reply,
  toWire,
  type WriterData,
} from './protocol.ts'

/**
 * The writer thread of the embedded broker: the only place that writes the log, seals and digests its batches.
 *
 * Requests are taken in order. Commits that wait together go into one transaction of the store (one sync for all of
 * them); a trim goes on in small steps, beside commits or between them. An answer is sent only when what it answers
 * for is durable.
 */

const port = parentPort as MessagePort
const store = openStore()
const log = store && openLog(store)
const slots: Buffer[] = []
const trims: { id: number; trim: Trimming }[] = []
let step_due = false

if (log !== undefined) {
  port.on('message', (first: Message) => {
    const messages = [first]
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      messages.push(next.message as Message)
    }
    handle(log, messages)
  })
  port.postMessage({ opened: true } satisfies Opened)
}

function handle(log: Log, messages: readonly Message[]): void {
  let commits: (CommitRequest & { id: number })[] = []
  const flush = () => {
    if (commits.length > 0) commit(log, commits)
    commits = []
  }
  for (const message of messages) {
    if (message.kind === 'commit') {
      commits.push(message)
      continue
    }
    flush()
    if (message.kind === 'trim') {
      trims.push({ id: message.id, trim: trimming(message.stream_time_us, message.keep_from) })
    } else if (message.kind === 'close') {
      close(message.id)
      return
    } else {
      answer([attempt(message.id, () => settle(log, message))])
    }
  }
  flush()
  if (trims.length > 0) soon(log)
}

function commit(log: Log, commits: readonly (CommitRequest & { id: number })[]): void {
  const submissions = commits.map((request): Submission => {
    const { transactional_id, epoch, slot, size_bytes, memory } = request
    if (memory !== undefined) slots[slot] = Buffer.from(memory)
    return { transactional_id, epoch, frame: (slots[slot] as Buffer).subarray(0, size_bytes) }
  })
  try {
    const refusals = log.commit(submissions, trims[0]?.trim)
    answer(
      commits.map(({ id }, i): Reply => {
        const refusal = refusals[i]
        return refusal === undefined ? { id } : { id, error: toWire(refusal) }
      }),
    )
  } catch (error) {
    answer(commits.map(({ id }) => ({ id, error: toWire(error) })))
  }
  endTrim()
}

/** One step of the trim in hand, then a turn of the event loop for what came in meanwhile. */
function soon(log: Log): void {
  if (step_due) return
  step_due = true
  setImmediate(() => {
    step_due = false
    const current = trims[0]
    if (current === undefined) return
    try {
      log.commit([], current.trim)
      endTrim()
    } catch (error) {
      trims.shift()
      answer([{ id: current.id, error: toWire(error) }])
    }
    if (trims.length > 0) soon(log)
  })
}

function endTrim(): void {
  const current = trims[0]
  if (current === undefined || !current.trim.done) return
  trims.shift()
  answer([{ id: current.id, value: current.trim.records }])
}

function settle(log: Log, message: DeclareRequest | AcquireRequest): number {
  if (message.kind === 'acquire') return log.acquire(message.transactional_id)
  log.declare(message.topics)
  return 0
}

function attempt(id: number, work: () => number): Reply {
  try {
    return { id, value: work() }
  } catch (error) {
    return { id, error: toWire(error) }
  }
}

function answer(replies: readonly Reply[]): void {
  port.postMessage(replies)
}

function close(id: number): void {
  // What is not trimmed yet is trimmed next time.
  for (const { id: trim_id, trim } of trims) answer([{ id: trim_id, value: trim.records }])
  trims.length = 0
  void store?.close().then(() => {
    answer([{ id }])
    port.close()
  })
}

function openStore(): LmdbStore | undefined {
  try {
    return new LmdbStore((workerData as WriterData).path, { read_only: false })
  } catch (error) {
    port.postMessage({ opened: true, error: toWire(error) } satisfies Opened)
    return undefined
  }
}

function openLog(store: LmdbStore): Log | undefined {
  try {
    return new Log(store)
  } catch (error) {
    port.postMessage({ opened: true, error: toWire(error) } satisfies Opened)
    void store.close()
    return undefined
  }
}
