/**
 * Replays capture files: their frames merged by receive time, ties by the order of the files.
 *
 * Silent where a file is: time passes only with frames. Wrong use (a missing file, another format, a file that changed
 * since) is an AppError with exit code 2, damaged data one with exit code 3, after everything before it was handed out.
 */

import { AppError, type Json, type Source, type SourceItem } from '../../runtime/api/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'
import { CaptureFile, fileIdentity } from './file.ts'
import type { ReplayFormat } from './format.ts'

export interface ReplayFile {
  readonly path: string
  /** Name of the format, a key of `formats`. */
  readonly format: string
}

export interface ReplayOptions {
  readonly files: readonly ReplayFile[]
  readonly formats: Readonly<Record<string, ReplayFormat>>
  /** Name of the source in the topology, written into every frame; `feed` by default. */
  readonly source?: string
}

/** Where a replay stands: per file its identity and the lines read, then what the last item carried. */
interface Position {
  readonly files: readonly string[]
  readonly lines: readonly number[]
  readonly frame_seq: number
  readonly stream_time_us: number
}

/**
 * Makes the source; files are opened by its `open`. Rejects with an AppError: `FORMAT_UNKNOWN`, `FILE_UNREADABLE`.
 * `open` rejects with `NOT_A_CAPTURE`, `SOURCE_CHANGED`, `POSITION_MALFORMED`; `ready` with `TRUNCATED_GZIP`, `DAMAGED_GZIP`.
 */
export async function createReplay(options: ReplayOptions): Promise<Source> {
  const formats = options.files.map(({ format }) => formatNamed(format, options.formats))
  const identities: string[] = []
  for (const { path } of options.files) identities.push(await fileIdentity(path))
  return new Replay(options, formats, identities)
}

function formatNamed(name: string, formats: Readonly<Record<string, ReplayFormat>>): ReplayFormat {
  const format = Object.hasOwn(formats, name) ? formats[name] : undefined
  if (format !== undefined) return format
  throw new AppError('FORMAT_UNKNOWN', `there is no capture format ${name}`, {
    exit_code: 2,
    hint: `known formats: ${Object.keys(formats).sort().join(', ')}`,
  })
}

class Replay implements Source {
  readonly identity: Json
  done = false
  #options: ReplayOptions
  #formats: readonly ReplayFormat[]
  #identities: readonly string[]
  #source: string
  #files: CaptureFile[] = []
  #frame_seq = -1
  #stream_time_us = -1
  /** Where it was when it was closed. */
  #progress: { done: number; total: number } | undefined

  constructor(options: ReplayOptions, formats: readonly ReplayFormat[], identities: readonly string[]) {
    this.#options = options
    this.#formats = formats
    this.#identities = identities
    this.#source = options.source ?? 'feed'
    this.identity = {
      kind: 'replay',
      files: options.files.map(({ format }, i) => ({ format, sha256: identities[i] ?? '' })),
    }
  }

  async open(position: Json | undefined): Promise<void> {
    const from = position === undefined ? undefined : this.#checked(position)
    this.#frame_seq = from?.frame_seq ?? -1
    this.#stream_time_us = from?.stream_time_us ?? -1
    for (const [i, { path }] of this.#options.files.entries()) {
      const format = this.#formats[i]
      if (format !== undefined) this.#files.push(await CaptureFile.open(path, format, from?.lines[i] ?? 0))
    }
  }

  take(): SourceItem | undefined {
    let first: CaptureFile | undefined
    for (const file of this.#files) {
      if (!file.advance()) return undefined
      if (!file.ended && (first === undefined || earlier(file, first))) first = file
    }
    if (first === undefined) {
      this.done = true
      return undefined
    }
    first.consume()
    return this.#item(first)
  }

  async ready(): Promise<void> {
    for (const file of this.#files) if (!file.advance()) await file.fill()
  }

  async close(): Promise<void> {
    this.#progress = this.progress()
    for (const file of this.#files) await file.close()
    this.#files = []
  }

  progress(): { done: number; total: number } | undefined {
    if (this.#files.length === 0) return this.#progress
    let done = 0
    let total = 0
    for (const file of this.#files) {
      done += file.done_bytes
      total += file.size_bytes
    }
    return { done, total }
  }

  #item(file: CaptureFile): SourceItem {
    const { head, format } = file
    const written = file.block.subarray(head.payload_start, head.payload_end)
    this.#frame_seq++
    this.#stream_time_us = Math.max(this.#stream_time_us + 1, head.receive_time_us)
    const value: RawFrame = {
      venue_symbol: file.venue_symbol,
      venue: format.venue,
      source: this.#source,
      channel: head.channel,
      frame_seq: this.#frame_seq,
      receive_time_us: head.receive_time_us,
      receive_time_ns_rest: head.receive_time_ns_rest,
      receive_error_us: null,
      payload: format.payload === undefined ? written : format.payload(written),
    }
    const lines = this.#files.map(linesDone)
    const position = {
      files: this.#identities,
      lines,
      frame_seq: this.#frame_seq,
      stream_time_us: this.#stream_time_us,
    }
    return { value, stream_time_us: this.#stream_time_us, position }
  }

  #checked(json: Json): Position {
    const position = json as Partial<Position> | null
    const { files, lines, frame_seq, stream_time_us } = position ?? {}
    if (
      !Array.isArray(files) ||
      !Array.isArray(lines) ||
      !Number.isSafeInteger(frame_seq) ||
      !Number.isSafeInteger(stream_time_us)
    ) {
      throw new AppError('POSITION_MALFORMED', 'the stored position is not one of a replay', {
        exit_code: 2,
        hint: 'start with the same source as before, or use another data directory',
      })
    }
    if (files.join() !== this.#identities.join()) {
      throw new AppError('SOURCE_CHANGED', 'the replayed files are not those that this directory was made from', {
        exit_code: 2,
        hint: 'replay the same files in the same order, or use another data directory',
      })
    }
    return position as Position
  }
}

function linesDone(file: CaptureFile): number {
  return file.lines_done
}

function earlier({ head: a }: CaptureFile, { head: b }: CaptureFile): boolean {
  if (a.receive_time_us !== b.receive_time_us) return a.receive_time_us < b.receive_time_us
  return a.receive_time_ns_rest < b.receive_time_ns_rest
}
