/** A source whose frames are written into a capture as they are taken; where the disk is behind, it hands out no more. */
import type { Json, SourceItem } from '../../runtime/api/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'
import type { CaptureWriter } from './capture-writer.ts'
import type { FeedStanding, MergedFeed } from './live-feed.ts'

export class RecordedSource implements MergedFeed {
  readonly #source: MergedFeed
  readonly #writer: CaptureWriter
  #behind: Promise<void> | undefined

  constructor(source: MergedFeed, writer: CaptureWriter) {
    this.#source = source
    this.#writer = writer
  }

  /** Recording changes nothing of what the source says. */
  get identity(): Json {
    return this.#source.identity
  }

  get done(): boolean {
    return this.#source.done
  }

  open(position: Json | undefined): Promise<void> {
    return this.#source.open(position)
  }

  take(): SourceItem | undefined {
    if (this.#behind !== undefined) return undefined
    const item = this.#source.take()
    if (item === undefined) return undefined
    this.#behind = this.#writer.write(item.value as RawFrame)?.finally(() => {
      this.#behind = undefined
    })
    return item
  }

  ready(): Promise<void> {
    return this.#behind ?? this.#source.ready()
  }

  passed_us(): number {
    return this.#source.passed_us?.() ?? 0
  }

  get head_us(): number | undefined {
    return this.#source.head_us
  }

  standing(): readonly FeedStanding[] {
    return this.#source.standing()
  }

  /** The capture is whole when this resolves. */
  async close(): Promise<void> {
    await this.#source.close()
    await this.#writer.end()
  }
}
