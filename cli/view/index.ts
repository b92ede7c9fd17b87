import { render, renderLine } from './render.ts'
import type { Snapshot } from './types.ts'

export type { Snapshot } from './types.ts'

export interface ViewOptions {
  /** The stream is a terminal: a table, redrawn in place. Otherwise a line now and then. */
  readonly tty: boolean
  /** The command prints JSON: no table, even on a terminal, so that both can be read. */
  readonly json: boolean
  /** Colours on a terminal; by default unless NO_COLOR is set (no-color.org). */
  readonly colour?: boolean
}

export interface View {
  /** Shows the first picture and goes on until `stop`. */
  start(): void
  /** Shows the last picture, for good, and gives the cursor back. Safe to call twice. */
  stop(): void
}

const REDRAW_MS = 200
const LINE_MS = 3_000
/** What a terminal is taken for that does not tell its size. */
const COLUMNS = 80
const ROWS = 24

const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
/** A terminal that knows synchronized output shows a frame at once; others pass over these. */
const BEGIN_FRAME = '\x1b[?2026h'
const END_FRAME = '\x1b[?2026l'
const CLEAR_LINE_REST = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'
const CLEAR_SCREEN = '\x1b[2J\x1b[H'

/**
 * Shows `look()` on `stream` while a run goes on. It asks for a snapshot only when it is about to show one, and passes
 * over a picture while the stream has not taken the one before: a slow terminal slows down nothing.
 */
export function createView(stream: NodeJS.WriteStream, options: ViewOptions, look: () => Snapshot): View {
  return options.tty && !options.json
    ? new Table(stream, options.colour ?? noColorUnset(), look)
    : new Lines(stream, look)
}

function noColorUnset(): boolean {
  return (process.env.NO_COLOR ?? '') === ''
}

class Lines implements View {
  readonly #stream: NodeJS.WriteStream
  readonly #look: () => Snapshot
  #timer: NodeJS.Timeout | undefined

  constructor(stream: NodeJS.WriteStream, look: () => Snapshot) {
    this.#stream = stream
    this.#look = look
  }

  start(): void {
    this.#timer = setInterval(() => this.#show(), LINE_MS)
    this.#timer.unref()
  }

  stop(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#write()
  }

  #show(): void {
    if (!this.#stream.writableNeedDrain) this.#write()
  }

  #write(): void {
    this.#stream.write(`${renderLine(this.#look())}\n`)
  }
}

class Table implements View {
  readonly #stream: NodeJS.WriteStream
  readonly #colour: boolean
  readonly #look: () => Snapshot
  readonly #giveBackCursor = () => this.#stream.write(SHOW_CURSOR)
  readonly #onResize = () => {
    this.#resized = true
  }
  #timer: NodeJS.Timeout | undefined
  /** Lines of the last picture; the cursor stands below them. */
  #drawn = 0
  #resized = false

  constructor(stream: NodeJS.WriteStream, colour: boolean, look: () => Snapshot) {
    this.#stream = stream
    this.#colour = colour
    this.#look = look
  }

  start(): void {
    this.#stream.write(HIDE_CURSOR)
    // A process that ends by an error must not leave a terminal without its cursor.
    process.once('exit', this.#giveBackCursor)
    this.#stream.on('resize', this.#onResize)
    this.#draw()
    this.#timer = setInterval(() => {
      if (!this.#stream.writableNeedDrain) this.#draw()
    }, REDRAW_MS)
    this.#timer.unref()
  }

  stop(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#draw()
    this.#stream.off('resize', this.#onResize)
    process.off('exit', this.#giveBackCursor)
    this.#giveBackCursor()
  }

  /** One write a picture, over the last one, each line cleared behind its end: nothing is ever blank between two. */
  #draw(): void {
    const columns = this.#stream.columns || COLUMNS
    const rows = this.#stream.rows || ROWS
    const lines = render(this.#look(), columns, this.#colour)
    // The cursor cannot go up beyond the screen, so a picture higher than it would pile up.
    const shown = lines.length < rows ? lines : [...lines.slice(0, Math.max(rows - 2, 0)), '…']
    const top = this.#resized ? CLEAR_SCREEN : this.#drawn > 0 ? `\x1b[${this.#drawn}A\r` : ''
    const body = shown.map((line) => `${line}${CLEAR_LINE_REST}\n`).join('')
    this.#stream.write(`${BEGIN_FRAME}${top}${body}${CLEAR_BELOW}${END_FRAME}`)
    this.#drawn = shown.length
    // Lines of the old width were broken anew by the terminal: how many there are now, nobody knows.
    this.#resized = false
  }
}
