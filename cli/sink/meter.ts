import type { Sample } from '../exposition.ts'

/** How far the carrying of one topic has come since it began. */
export interface Carrying {
  /** Records taken. */
  carried(): number
  /** Those of them that are in no file yet. */
  pending(): number
  /** Durable records that are in no file yet; left out where only reading them would tell. */
  behind?(): Promise<number>
}

/**
 * What a sink tells operators, over all the times that it begins. It is read when somebody asks; a sink that failed says
 * on how far it came, so that what is behind is seen to grow.
 */
export class SinkMeter {
  failed = false
  private readonly sink: string
  private readonly topics = new Map<string, { readonly before: number; readonly now: Carrying }>()

  constructor(sink: string) {
    this.sink = sink
  }

  begins(topic: string, now: Carrying): void {
    const last = this.topics.get(topic)
    this.topics.set(topic, { before: last === undefined ? 0 : last.before + last.now.carried(), now })
  }

  async samples(): Promise<Sample[]> {
    const { sink } = this
    const samples: Sample[] = [{ name: 'aitrader_sink_failed', labels: { sink }, value: Number(this.failed) }]
    for (const [topic, { before, now }] of this.topics) {
      const labels = { sink, topic }
      samples.push({ name: 'aitrader_sink_records_total', labels, value: before + now.carried() })
      samples.push({ name: 'aitrader_sink_pending_records', labels, value: now.pending() })
      const value = await now.behind?.()
      if (value !== undefined) samples.push({ name: 'aitrader_sink_behind_records', labels, value })
    }
    return samples
  }
}
