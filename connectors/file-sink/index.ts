import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import Type, { type Static } from 'typebox'
import { AppError } from '../../runtime/api/index.ts'

/**
 * Keeps records in files of JSON lines: one folder per topic, one below per partition, in it files that each hold so many
 * records and are named by the number of their first, `0000000000010000.jsonl`.
 *
 * Each record stands there once, in order, whatever happens: a file is written whole beside its name and then put in its
 * place, so that a reader never sees half a line, and whoever begins again learns from the last line where to go on.
 * What is no JSON line in the last file is `SINK_DAMAGED` (exit 3); `FILE_UNWRITABLE` (exit 4) where the disk refuses.
 */

export const fileSinkParams = Type.Object({
  folder: Type.String({
    minLength: 1,
    description: 'Where the files go; made if it is not there. A relative one begins in the working directory.',
  }),
  records_per_file: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 10_000,
    description: 'Records after which a new file begins. A file that is not full is written whole again as it grows.',
  }),
})

export const fileSink = {
  description:
    'Files of JSON lines, one line a record as `aitrader topic read --json` prints it: `FOLDER/TOPIC/PARTITION/NUMBER.jsonl`, each record exactly once and in order, each file whole at any time.',
  params: fileSinkParams,
}

export type FileSinkParams = Static<typeof fileSinkParams>

/** What identifies a line. */
export interface Carried {
  readonly id: string
  readonly offset: number
  readonly stream_time_us: number
}

const NAME = /^[0-9]{16}\.jsonl$/

/** The files of one partition. */
export class PartitionFiles {
  readonly #folder: string
  readonly #per_file: number
  /** Number of the first record of the open file, and its lines. */
  #first = 0
  #lines: string[] = []
  /** Lines of it that are in the file already. */
  #written = 0
  readonly #full: { readonly first: number; readonly lines: readonly string[] }[] = []
  #flushing: Promise<void> = Promise.resolve()
  /** The last record that it holds. */
  last: Carried | undefined

  private constructor(folder: string, per_file: number) {
    this.#folder = folder
    this.#per_file = per_file
  }

  static async open(
    { folder, records_per_file }: FileSinkParams,
    topic: string,
    partition: number,
  ): Promise<PartitionFiles> {
    const files = new PartitionFiles(join(folder, topic, String(partition)), records_per_file)
    await files.#resume()
    return files
  }

  /** Records that it holds, written or not. */
  get records(): number {
    return this.#first + this.#lines.length
  }

  /** Records that are not in a file yet. */
  get pending(): number {
    const full = this.#full.reduce((sum, { lines }) => sum + lines.length, 0)
    return full + this.#lines.length - this.#written
  }

  /** Takes the next record; `line` is JSON without a line feed. */
  add(record: Carried, line: string): void {
    if (this.#lines.length >= this.#per_file) {
      this.#full.push({ first: this.#first, lines: this.#lines })
      this.#first += this.#lines.length
      this.#lines = []
      this.#written = 0
    }
    this.#lines.push(line)
    this.last = record
  }

  /** Everything that was taken before is in a file, durably, when it resolves; calls follow one another. */
  flush(): Promise<void> {
    const flushed = this.#flushing.then(() => this.#flush())
    this.#flushing = flushed.catch(() => {})
    return flushed
  }

  async #flush(): Promise<void> {
    try {
      for (let full = this.#full[0]; full !== undefined; full = this.#full[0]) {
        await this.#write(full.first, full.lines)
        this.#full.shift()
      }
      const { length } = this.#lines
      const first = this.#first
      if (length === this.#written) return
      await this.#write(first, this.#lines.slice(0, length))
      // More may have come meanwhile, or a new file begun.
      if (this.#first === first) this.#written = length
    } catch (cause) {
      throw unwritable(`writing below ${this.#folder}`, cause)
    }
  }

  async #write(first: number, lines: readonly string[]): Promise<void> {
    const path = this.#path(first)
    const part = `${path}.part`
    const file = await open(part, 'w')
    try {
      await file.writeFile(`${lines.join('\n')}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(part, path)
    const folder = await open(this.#folder, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  }

  async #resume(): Promise<void> {
    await mkdir(this.#folder, { recursive: true }).catch((cause) => {
      throw unwritable(`making ${this.#folder}`, cause)
    })
    const name = (await readdir(this.#folder))
      .filter((one) => NAME.test(one))
      .sort()
      .at(-1)
    if (name === undefined) return
    this.#first = Number(name.slice(0, 16))
    const path = this.#path(this.#first)
    const text = await readFile(path, 'utf8')
    this.#lines = text.split('\n').slice(0, -1)
    this.#written = this.#lines.length
    this.last = text.endsWith('\n') ? carriedOf(this.#lines.at(-1) ?? '') : undefined
    if (this.last !== undefined) return
    throw new AppError('SINK_DAMAGED', `the last line of ${path} is no record`, {
      exit_code: 3,
      hint: 'no run leaves a file so: take it away, or bring back what it was',
    })
  }

  #path(first: number): string {
    return join(this.#folder, `${String(first).padStart(16, '0')}.jsonl`)
  }
}

/** The disk or the folder refuses. */
export function unwritable(doing: string, cause: unknown): AppError {
  return new AppError('FILE_UNWRITABLE', `${doing}: ${(cause as Error).message}`, {
    exit_code: 4,
    hint: 'see to the folder and the disk, and start again: the sink goes on behind the last record that it wrote',
    cause,
  })
}

function carriedOf(line: string): Carried | undefined {
  try {
    const { id, offset, stream_time_us } = JSON.parse(line) as Partial<Carried>
    const known = typeof id === 'string' && Number.isSafeInteger(offset) && Number.isSafeInteger(stream_time_us)
    return known ? { id, offset: offset as number, stream_time_us: stream_time_us as number } : undefined
  } catch {
    return undefined
  }
}
