/** State of one key. */
export interface Cell {
  state: unknown
  /** Not yet one of the task's: a first step that faults leaves no state behind. */
  fresh: boolean
  /** Changed since the last snapshot. */
  dirty: boolean
}

/** The state of a task by key, and what of it changed since the last snapshot. */
export class Cells extends Map<string, Cell> {
  private changed: string[] = []

  /** Keeps what a step has made of a cell. */
  keep(key: string, cell: Cell): void {
    if (cell.fresh) {
      this.set(key, cell)
      cell.fresh = false
    }
    this.markDirty(key, cell)
  }

  markDirty(key: string, cell: Cell): void {
    if (cell.dirty) return
    cell.dirty = true
    this.changed.push(key)
  }

  /** Puts the state of a key in; `unsaved`: no snapshot of this task holds it yet. */
  put(key: string, state: unknown, saved: 'saved' | 'unsaved'): void {
    const cell = { state, fresh: false, dirty: false }
    this.set(key, cell)
    if (saved === 'unsaved') this.markDirty(key, cell)
  }

  /** Keys that changed, in the order in which they first did; they count as clean afterwards. */
  takeChanged(): readonly string[] {
    const { changed } = this
    this.changed = []
    for (const key of changed) (this.get(key) as Cell).dirty = false
    return changed
  }
}
