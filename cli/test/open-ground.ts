import type { Ground } from '../../runtime/topology/test-run.ts'

/** Where tests run, once it is ready for all of them. */
export interface OpenGround {
  readonly play: Ground
  /** Tests that may run at once. */
  readonly at_once: number
  close(): Promise<void>
}
