import type { Ended, Started } from './command.ts'

/** What a process says of a lane. */
export interface Said {
  readonly lane: string
  /** As it stands in what the process says, details and all. */
  readonly line: string
  readonly recovered: boolean
}

/** One of the processes that share the lanes: killed, paused and started again under one name. */
export class Member {
  readonly name: string
  /** Lanes that it has recovered and not let go of. */
  readonly lanes = new Set<string>()
  /** How often it was started. */
  lives = 0
  paused = false
  private readonly begin: (heard: (stderr: string) => void) => Started
  private readonly told: (member: Member, said: Said) => void
  /** Told of an end that nobody asked for. */
  private readonly ended: (member: Member, how: Ended) => void
  private life: Started | undefined
  private killed = false

  constructor(options: {
    readonly name: string
    readonly begin: (heard: (stderr: string) => void) => Started
    readonly told: (member: Member, said: Said) => void
    readonly ended: (member: Member, how: Ended) => void
  }) {
    this.name = options.name
    this.begin = options.begin
    this.told = options.told
    this.ended = options.ended
  }

  get alive(): boolean {
    return this.life !== undefined
  }

  start(): void {
    this.lives++
    this.killed = false
    let read = 0
    const life = this.begin((stderr) => {
      for (let end = stderr.indexOf('\n', read); end >= 0; end = stderr.indexOf('\n', read)) {
        if (this.life === life) this.hear(stderr.slice(read, end))
        read = end + 1
      }
    })
    this.life = life
    void life.ended.then((how) => {
      if (this.life !== life) return
      this.life = undefined
      this.lanes.clear()
      if (!this.killed) this.ended(this, how)
    })
  }

  /** As `kill -9`; answers the lanes that it held. */
  kill(): string[] {
    const held = [...this.lanes]
    this.killed = true
    this.life?.kill()
    this.life = undefined
    this.lanes.clear()
    this.paused = false
    return held
  }

  /** Stops its process where it is, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    const pid = this.life?.process.pid
    if (pid !== undefined) process.kill(-pid, signal)
    if (signal !== 'SIGTERM') this.paused = signal === 'SIGSTOP'
  }

  private hear(line: string): void {
    const [, event, detail] = /^lane (recovered|stopped|fenced|interrupted) (\{.*\})$/.exec(line) ?? []
    if (event === undefined || detail === undefined) return
    const { lane } = JSON.parse(detail) as { lane: string }
    const recovered = event === 'recovered'
    if (recovered) this.lanes.add(lane)
    else this.lanes.delete(lane)
    this.told(this, { lane, line, recovered })
  }
}
