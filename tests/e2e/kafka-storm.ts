import type { Ended } from './command.ts'
import { Draws } from './draws.ts'
import type { Captured } from './kafka-captures.ts'
import { Member, type Said } from './kafka-member.ts'
import { runs, type Site } from './kafka-site.ts'
import { type Commit, Watch } from './kafka-watch.ts'

/**
 * Three processes that share a topology's lanes, killed again and again while records flow.
 *
 * Every blow falls when the sources have durably passed a drawn stream time, wherever the processes are by then:
 * working, recovering, or not yet begun. How things are is heard from durable marks and from what the processes say.
 */
export interface StormOptions {
  readonly site: Site
  readonly captured: Captured
  readonly seed: number
  readonly kills: number
  /** Processes stopped for a while (SIGSTOP) besides, about every other one until others have its lanes. */
  readonly pauses: number
  /** Stream time per wall time: so that records flow all the while. */
  readonly speed: number
  /** Done once, half-way: restarts the broker. */
  readonly half_way?: () => Promise<void>
  /** Told what is done and heard. */
  readonly log?: (text: string) => void
}

/** Wall time from a kill to the next commit of each lane that the killed process held, milliseconds, ascending. */
export interface Storm {
  /** Where the process was started again at once. */
  readonly recoveries_ms: readonly number[]
  /** Where other processes took the lanes over. */
  readonly takeovers_ms: readonly number[]
  readonly kills: number
  readonly took_ms: number
}

const SOURCES = 'sources'
const NAMES = ['a', 'b', 'c']
/** Of so many kills one is of a process that comes back only when others have its lanes, from the fifth one on. */
const LATE_EVERY = 10
const LATE_AT = 4
/** At most so long, milliseconds, unless a pause lasts until others have taken the lanes. */
const SHORT_PAUSE_MS = 3_000

/** Between a kill and its lane's next commit. */
interface Wait {
  readonly since_ms: number
  readonly late: boolean
  recovered: boolean
}

export async function storm(options: StormOptions): Promise<Storm> {
  const run = new Run(options)
  try {
    return await run.run()
  } finally {
    await run.close()
  }
}

class Run {
  private readonly options: StormOptions
  private readonly draws: Draws
  private readonly members: readonly Member[]
  private readonly waits = new Map<string, Wait>()
  private readonly recoveries_ms: number[] = []
  private readonly takeovers_ms: number[] = []
  private readonly ends = new Map<string, Ended>()
  private watch!: Watch
  private late: { readonly member: Member; readonly lanes: readonly string[] } | undefined
  private paused: { readonly member: Member; readonly over: () => boolean } | undefined
  private kills = 0
  private restarting = false
  /** Processes that found no broker. */
  private readonly refused: Member[] = []

  constructor(options: StormOptions) {
    this.options = options
    this.draws = new Draws(options.seed)
    const { site, captured, speed } = options
    const begin = (name: string) => (heard: (stderr: string) => void) =>
      runs(site, captured.captures, ['--name', name, '--speed', `${speed}x`], heard)
    const told = (member: Member, said: Said) => this.told(member, said)
    const ended = (member: Member, how: Ended) => this.ended(member, how)
    this.members = NAMES.map((name) => new Member({ name, begin: begin(name), told, ended }))
  }

  async run(): Promise<Storm> {
    const began_ms = performance.now()
    const { site, kills, pauses, half_way } = this.options
    this.watch = await Watch.open(site, (commit) => this.heard(commit))
    for (const member of this.members) member.start()
    const points = this.points(kills + pauses)
    for (const [index, point] of points.entries()) {
      await this.until(() => this.watch.passed(SOURCES) >= point)
      if (half_way !== undefined && index === points.length >> 1) await this.restart(half_way)
      // Drawn, so that pauses lie anywhere among the kills.
      if (this.draws.below(points.length - index) < points.length - index - (kills - this.kills)) this.pause()
      else this.kill()
    }
    await this.until(() => this.members.every(({ name, alive }) => !alive && this.ends.has(name)))
    const ascending = (a: number, b: number) => a - b
    return {
      recoveries_ms: this.recoveries_ms.toSorted(ascending),
      takeovers_ms: this.takeovers_ms.toSorted(ascending),
      kills: this.kills,
      took_ms: performance.now() - began_ms,
    }
  }

  async close(): Promise<void> {
    for (const member of this.members) member.kill()
    await this.watch?.close()
  }

  /** Restarts the broker. A process that begins meanwhile may find none: it is started again, as a supervisor would. */
  private async restart(half_way: () => Promise<void>): Promise<void> {
    this.log('the broker is restarted')
    this.restarting = true
    await half_way()
    this.restarting = false
    this.log('the broker is back')
    for (const member of this.refused.splice(0)) member.start()
  }

  /** Enough is left behind the last one that nothing can end before it. */
  private points(count: number): number[] {
    const { from_us, to_us } = this.options.captured
    const thousandths = Array.from({ length: count }, () => 50 + this.draws.below(850))
    return thousandths.sort((a, b) => a - b).map((one) => from_us + ((to_us - from_us) * one) / 1000)
  }

  /** Waits for `reached`, and ends what lasts until something happens. */
  private until(reached: () => boolean): Promise<void> {
    return this.watch.until(() => {
      this.bringBack()
      return reached()
    })
  }

  private bringBack(): void {
    if (this.late?.lanes.every((lane) => !this.waits.has(lane) || this.watch.ended(lane)) === true) {
      const { member } = this.late
      this.late = undefined
      this.log(`late: ${member.name}`)
      member.start()
    }
    if (this.paused?.over() === true) {
      const { member } = this.paused
      this.paused = undefined
      this.log(`end of the pause: ${member.name}`)
      if (member.paused) member.signal('SIGCONT')
    }
  }

  private kill(): void {
    const late = this.late === undefined && this.kills % LATE_EVERY === LATE_AT
    const alive = this.members.filter((one) => one.alive)
    const busy = alive.filter((one) => one.lanes.size > 0)
    // Lanes of one that held none would be taken over by nobody.
    const member = this.draws.of(late && busy.length > 0 ? busy : alive)
    const since_ms = performance.now()
    const lanes = member.kill()
    this.log(`kill ${this.kills + 1}: ${member.name} with ${lanes.join(' ')}`)
    this.kills++
    for (const lane of lanes) {
      // A lane that had not come back from an earlier kill has waited since then.
      if (!this.watch.ended(lane) && !this.waits.has(lane)) this.waits.set(lane, { since_ms, late, recovered: false })
    }
    if (late) this.late = { member, lanes }
    else member.start()
  }

  private pause(): void {
    const alive = this.members.filter((one) => one.lanes.size > 0)
    if (this.paused !== undefined || alive.length < 2) return
    const member = this.draws.of(alive)
    const lanes = [...member.lanes]
    const long = this.draws.below(2) === 0
    let short_over = false
    setTimeout(() => {
      short_over = true
      this.watch.nudge()
    }, this.draws.below(SHORT_PAUSE_MS))
    const others = this.members.filter((one) => one !== member)
    const taken = () => lanes.every((lane) => this.watch.ended(lane) || others.some((one) => one.lanes.has(lane)))
    this.log(`pause ${long ? 'for long' : 'for a while'}: ${member.name} with ${lanes.join(' ')}`)
    member.signal('SIGSTOP')
    this.paused = { member, over: () => !member.paused || (long ? taken() : short_over) }
  }

  private heard({ lane }: Commit): void {
    const wait = this.waits.get(lane)
    if (wait === undefined || !wait.recovered) return
    this.waits.delete(lane)
    const to = wait.late ? this.takeovers_ms : this.recoveries_ms
    to.push(performance.now() - wait.since_ms)
  }

  /** What a killed process had sent may still become durable: only what its successor commits counts. */
  private told({ name }: Member, { lane, line, recovered }: Said): void {
    this.log(`${name}: ${line}`)
    const wait = this.waits.get(lane)
    if (recovered && wait !== undefined) wait.recovered = true
    this.watch.nudge()
  }

  private log(text: string): void {
    this.options.log?.(`${(performance.now() / 1000).toFixed(1)} s, at ${this.watch.passed(SOURCES)}: ${text}`)
  }

  private ended(member: Member, how: Ended): void {
    this.log(`${member.name} ended with ${how.code ?? how.signal}`)
    if (this.restarting && how.code === 4) {
      this.refused.push(member)
      return
    }
    this.ends.set(member.name, how)
    if (how.code !== 0) {
      this.watch.fail(new Error(`${member.name} ended with ${how.code ?? how.signal}: ${how.stderr.slice(-4000)}`))
    }
    this.watch.nudge()
  }
}
