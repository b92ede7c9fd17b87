import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../runtime/api/index.ts'
import { watchEventLoop } from '../event-loop.ts'
import { Measure } from '../measure.ts'
import { type LaneEnd, LaneHost } from './lane-host.ts'
import { errorData, type SettingData, settingOf } from './setting.ts'
import { openTarget } from './target.ts'
import type { FromThread, ToThread } from './threads.ts'

/** A thread that runs lanes: connections of its own, and nothing of the group, whose heartbeats stay in the main thread. */

const port = parentPort
assert(port !== null, 'a lane thread has a parent')
const post = (message: FromThread) => port.postMessage(message)
const data = workerData as SettingData
const eventLoop = watchEventLoop()
const hosts = new Map<string, LaneHost>()
const measures = new Map<string, Measure>()

const target = await openTarget(data.target, data.topology)
const setting = await settingOf(data, target, {
  observer: ({ name }) => {
    const measure = new Measure()
    measures.set(name, measure)
    return measure
  },
  log: (event, detail) => post({ kind: 'log', event, detail }),
})

port.on('message', (message: ToThread) => {
  if (message.kind === 'start') start(message.lane)
  else if (message.kind === 'drain') void hosts.get(message.lane)?.drain()
  else if (message.kind === 'sample') {
    post({ kind: 'sample', sample: { lanes: setting.meters?.sample() ?? [], event_loop: eventLoop() } })
  } else {
    port.close()
    void target.close()
  }
})
post({ kind: 'ready' })

function start(name: string): void {
  const lane = setting.lanes.lanes.find((one) => one.name === name)
  assert(lane !== undefined, `the plan has no lane ${name}`)
  const host = new LaneHost(lane, setting)
  hosts.set(name, host)
  void host.end.then((end: LaneEnd) => {
    hosts.delete(name)
    const measure = measures.get(name)
    const { kind } = end
    const error = end.kind === 'failed' ? errorData(end.error) : undefined
    const { signals, orders } = measure?.counts ?? { signals: 0, orders: 0 }
    const measured = { latency: measure?.latency(), events: signals + orders }
    post({ kind: 'end', lane: name, end: kind, error, measured })
  })
}
