/** One line on a terminal's stderr that says how far long work is; nothing where stderr is no terminal. */
export class Ticker {
  private readonly what: string
  private shown_ms = 0
  private shown = false

  constructor(what: string) {
    this.what = what
  }

  /** `how_far` is put behind the name of the work; more than ten times a second is not shown. */
  at(how_far: () => string): void {
    if (!process.stderr.isTTY) return
    const now_ms = performance.now()
    if (now_ms - this.shown_ms < 100) return
    this.shown_ms = now_ms
    this.shown = true
    process.stderr.write(`\r\u001b[K${this.what}: ${how_far()}`)
  }

  end(): void {
    if (this.shown) process.stderr.write('\r\u001b[K')
    this.shown = false
  }
}
