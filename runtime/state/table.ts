import type { Table } from '../api/processor.ts'
import type { Json, RecordId } from '../api/record.ts'

/** A broadcast input kept as the latest value per key. Part of its task's state. */
export class BroadcastTable implements Table<unknown> {
  private readonly rows = new Map<string, { value: unknown; id: RecordId }>()
  readonly dirty = new Set<string>()

  get(key: string): unknown {
    return this.rows.get(key)?.value
  }

  idOf(key: string): RecordId | undefined {
    return this.rows.get(key)?.id
  }

  set(key: string, value: unknown, id: RecordId): void {
    const row = this.rows.get(key)
    if (row === undefined) this.rows.set(key, { value, id })
    else {
      row.value = value
      row.id = id
    }
    this.dirty.add(key)
  }

  keys(): IterableIterator<string> {
    return this.rows.keys()
  }

  row(key: string): Json {
    const row = this.rows.get(key)
    return row === undefined ? null : { id: row.id, value: row.value as Json }
  }

  load(key: string, json: Json): void {
    const row = json as { id: RecordId; value: Json }
    this.rows.set(key, { value: row.value, id: row.id })
  }
}
