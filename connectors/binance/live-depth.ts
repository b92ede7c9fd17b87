/**
 * Watches the continuity of Binance depth streams, to ask for a snapshot where the normalizer will need one.
 *
 * The rules are the normalizer's (depth-sequence.ts): changes of spot follow one another by `U = u + 1`, and a snapshot
 * joins them where `U <= lastUpdateId + 1`; those of futures name the `u` before in `pu`, and a snapshot joins them
 * where `U <= lastUpdateId`, or where it ends with that `pu`. The two need not agree on every damaged frame: a change
 * that cannot be read is a hole for both, and where only the normalizer finds fault, the snapshot that each symbol gets
 * every few minutes heals it. A snapshot too many does no harm; it costs weight.
 */
import { fieldsOf, isId, isLevels, jsonObject } from '../feed/json.ts'
import type { FeedWatch, SnapshotRequest, WatchActions } from '../feed/venue.ts'

/** A book that went wrong unnoticed is wrong no longer than that. */
const RENEW_MS = 300_000
/** A snapshot that was too old is asked for again after that: the venue's cache needs time. */
const AGAIN_MS = 1_000
/** Changes in a row that are older than the last: the ids began anew. As many as the normalizer takes for it. */
const RESTART_AFTER = 100

/** Said of all connections of a server that is about to end them. */
const SHUTDOWN = 'serverShutdown'

/** What a change says of its place. */
interface Ids {
  /** The id behind that of the change before, and the least last id but one of a snapshot that it joins. */
  readonly next: number
  readonly joins: number
  readonly last: number
}

/** Undefined where the normalizer will not be able to read it. */
type Rule = (data: Readonly<Record<string, unknown>>) => Ids | undefined

export const spotIds: Rule = ({ U, u }) => (isId(U) && isId(u) && U <= u ? { next: U, joins: U, last: u } : undefined)

export const usdmIds: Rule = ({ U, u, pu }) =>
  isId(U) && isId(u) && isId(pu) && U <= u && pu < u ? { next: pu + 1, joins: U + 1, last: u } : undefined

interface Depth {
  /** The first change of the unbroken run; undefined before it. */
  first: Ids | undefined
  /** The last id of the run's last change; -1 before the first. */
  last: number
  behind: number
  /** A snapshot joined the run. */
  joined: boolean
  renew: (() => void) | undefined
}

export function watchDepth(
  symbols: readonly string[],
  actions: WatchActions,
  idsOf: Rule,
  requestFor: (symbol: string) => SnapshotRequest,
): FeedWatch {
  const depths = new Map<string, Depth>()
  for (const symbol of symbols) {
    depths.set(symbol, { first: undefined, last: -1, behind: 0, joined: false, renew: undefined })
  }
  /** Symbols whose depth each connection has said. */
  const said = new Map<number, Set<string>>()

  const ask = (symbol: string, depth: Depth, delay_ms: number): void => {
    depth.renew?.()
    depth.renew = actions.after(delay_ms, () => {
      depth.renew = undefined
      actions.snapshot(requestFor(symbol))
      // If the answer is lost or useless without our noticing, the next one comes anyway.
      ask(symbol, depth, RENEW_MS)
    })
  }

  const begin = (symbol: string, depth: Depth, ids: Ids, why: string): void => {
    if (depth.last !== -1) actions.broke({ symbol, channel: 'depth' }, why)
    depth.first = ids
    depth.last = ids.last
    depth.behind = 0
    depth.joined = false
    ask(symbol, depth, 0)
  }

  return {
    connected(connection) {
      said.set(connection, new Set())
    },
    frame(connection, { symbol, channel }, payload) {
      if (symbol === '' && isShutdown(payload)) return actions.replace(connection)
      const depth = depths.get(symbol)
      if (depth === undefined || !channel.startsWith('depth')) return
      const ids = depthIds(payload, idsOf)
      if (ids === undefined) return
      said.get(connection)?.add(symbol)
      const { next, last } = ids
      if (depth.last === -1) begin(symbol, depth, ids, '')
      else if (last <= depth.last) {
        if (last < depth.last && ++depth.behind >= RESTART_AFTER) begin(symbol, depth, ids, 'ids began anew')
      } else if (next === depth.last + 1) {
        depth.last = last
        depth.behind = 0
      } else begin(symbol, depth, ids, `${next} follows ${depth.last}`)
    },
    ended(connection) {
      said.delete(connection)
    },
    snapshot({ symbol }, payload) {
      const depth = depths.get(symbol)
      if (depth === undefined || depth.joined) return
      const id = snapshotId(payload)
      const { first } = depth
      if (id !== undefined && first !== undefined && (first.joins <= id + 1 || first.next === id + 1))
        depth.joined = true
      else ask(symbol, depth, AGAIN_MS)
    },
    replaces: (connection) => said.get(connection)?.size === symbols.length,
    close() {
      for (const { renew } of depths.values()) renew?.()
    },
  }
}

/** It stands for itself, or in a stream's wrapper as all the rest. */
function isShutdown(payload: Uint8Array): boolean {
  const frame = jsonObject(payload)
  return (fieldsOf(frame?.data) ?? frame)?.e === SHUTDOWN
}

/** The ids of a depth change that the normalizer will be able to read; undefined for anything else. */
function depthIds(payload: Uint8Array, idsOf: Rule): Ids | undefined {
  const data = fieldsOf(jsonObject(payload)?.data)
  if (data?.e !== 'depthUpdate' || !isLevels(data.b) || !isLevels(data.a)) return undefined
  return idsOf(data)
}

function snapshotId(payload: Uint8Array): number | undefined {
  const frame = jsonObject(payload)
  const id = frame?.lastUpdateId
  return isId(id) && isLevels(frame?.bids) && isLevels(frame?.asks) ? id : undefined
}
