import { crc32 } from 'node:zlib'
import { AppError, type Reader } from '../runtime/api/index.ts'
import { mixHash } from '../runtime/engine/envelope.ts'
import { ComparingOutlet } from '../runtime/engine/outlet.ts'
import type { Task } from '../runtime/engine/task.ts'
import { RecordCursor } from '../runtime/log/batch.ts'
import { outputTopics } from '../runtime/plan/plan.ts'

/**
 * Compares what a task emits when it is run again, from its first record on, with what it once wrote.
 *
 * The records of one task are spread over topics and partitions, so the comparison is a sum that has no order: of a
 * hash of each record's sequence number and body. Where retention has dropped some of them it says nothing.
 */
export class OutputCheck extends ComparingOutlet {
  private sum = 0

  protected override count(task: Task, crc: number): void {
    this.sum ^= mixHash(0, task.next_seq, crc)
    super.count(task, crc)
  }

  /** An AppError `STATE_DIFFERS` (exit 3) if the task now writes something else than it once did. */
  async compare(reader: Reader, task: Task): Promise<void> {
    const { name } = task.planned
    let count = 0
    let sum = 0
    for (const topic of outputTopics(task.planned)) {
      for (let partition = 0; partition < topic.partitions; partition++) {
        const { start_offset, end_offset } = reader.partition(topic.name, partition)
        if (start_offset > 0) return
        const cursor = new RecordCursor()
        for (let offset = 0; offset < end_offset; ) {
          const batch = await reader.read(topic.name, partition, offset)
          // Dropped meanwhile, or later than the last thing this task could have written.
          if (batch === undefined || batch.first_time_us > task.now_us) break
          cursor.open(batch, offset)
          offset = batch.base_offset + batch.records
          if (!batch.producers.includes(name)) continue
          while (cursor.next()) {
            if (cursor.producer !== name || cursor.seq >= task.next_seq) continue
            sum ^= mixHash(0, cursor.seq, crc32(cursor.body(), 0))
            count++
          }
        }
      }
    }
    if (count === task.outputs_count && sum === this.sum) return
    throw new AppError('STATE_DIFFERS', `run again, ${name} writes something else than it once wrote`, {
      exit_code: 3,
      hint: 'an earlier build or configuration wrote the beginning of this directory; `aitrader audit replay --data DIR` finds the first difference',
    })
  }
}
