import { AppError, type Json, type Source } from '../../runtime/api/index.ts'
import { LaneHost, type LaneSetting } from '../run/lane-host.ts'

/** The source of the run that was stopped, with nothing more to say. */
class EndedSource implements Source {
  readonly identity: Json
  readonly done = true
  constructor(identity: Json) {
    this.identity = identity
  }
  async open(): Promise<void> {}
  take(): undefined {
    return undefined
  }
  async ready(): Promise<void> {}
  async close(): Promise<void> {}
}

/**
 * Runs every lane to its end with a source that says nothing more, so that each has read what the others wrote and holds
 * a snapshot of it. Rejects as the lanes do, and with an AppError `NOT_DRAINED` (exit 4) if something stays on its way.
 */
export async function drain(setting: LaneSetting, source: Json): Promise<void> {
  const ended = { ...setting, once: true, source: async () => new EndedSource(source) }
  const hosts = setting.lanes.lanes.map((lane) => new LaneHost(lane, ended))
  const ends = await Promise.all(hosts.map((host) => host.end))
  for (const end of ends) if (end.kind === 'failed') throw end.error
  const fenced = ends.findIndex((end) => end.kind !== 'ended')
  const waiting = hosts.find((host) => host.engine?.tasks.some((task) => task.buffered > 0 || task.asks?.open.length))
  const name = hosts[fenced]?.lane.name ?? waiting?.lane.name
  if (name === undefined) return
  throw new AppError('NOT_DRAINED', `the lane ${name} could not be drained`, {
    exit_code: 4,
    hint:
      fenced >= 0
        ? 'another process runs it: stop all processes of this topology first'
        : 'records are still on their way after `end_drain_ms` of silence: raise it, or try again',
  })
}
