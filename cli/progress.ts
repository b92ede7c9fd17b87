import type { Source } from '../runtime/api/index.ts'
import type { Engine } from '../runtime/engine/engine.ts'
import type { Topology } from '../runtime/topology/types.ts'
import type { Measure } from './measure.ts'
import type { Summary } from './summary.ts'

/** What `up` shows while it runs. */
export class Progress {
  private readonly options: {
    readonly topology: Topology
    readonly engine: Engine
    readonly measure: Measure
    readonly label: string
    readonly quiet: boolean
    readonly dir: string
    readonly source: Source
  }

  constructor(options: Progress['options']) {
    this.options = options
    process.stderr.write(`${options.label}, topology ${options.topology.name}, data in ${options.dir}\n`)
  }

  stop(): void {}

  close(summary: Summary): void {
    const { frames, orders, fills, faults, gaps } = summary
    process.stdout.write(`frames ${frames}, orders ${orders}, fills ${fills}, faults ${faults}, gaps ${gaps}\n`)
  }
}
