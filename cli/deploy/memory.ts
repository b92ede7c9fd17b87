/** What the topology's own topics hold of its runs and applies, and the state that they made. */

import type { Stores } from './execute.ts'
import type { Applied, Desired } from './model.ts'
import type { Remembered } from './observe.ts'
import type { StoredRun } from './stored-run.ts'

export interface Memory extends Stores {
  /** What ran last; undefined where nothing ever did. */
  run(): Promise<StoredRun | undefined>
  recall(desired: Desired): Promise<Remembered>
  remember(applied: Applied): Promise<void>
}
