// Made by `aitrader generate` from schemas/frontier-mark.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'
import { type FrontierWrite, boundFrontierWrite, readFrontierWrite, writeFrontierWrite } from './named-types.ts'

/** How far one lane has come: every record that it will ever write up to this stream time is written. */
export interface FrontierMark {
  /** Lane; the record key. */
  readonly lane: string
  /** Stream time that the lane has passed, microseconds since the epoch. */
  readonly frontier_us: number
  /** What the lane's mark before this one said; -1: there is none. */
  readonly since_us: number
  /** The lane needs no record of this stream time or earlier to recover; -1: it needs all. */
  readonly needed_us: number
  /** The lane's sources have ended and nothing follows in this run. */
  readonly ended: boolean
  /** Per partition that the commit wrote. */
  readonly written: readonly FrontierWrite[]
}

export const FrontierMark: RecordType<FrontierMark> = {
  name: 'FrontierMark',
  schema: "{\"type\":\"record\",\"name\":\"FrontierMark\",\"namespace\":\"aitrader\",\"doc\":\"How far one lane has come: every record that it will ever write up to this stream time is written.\",\"fields\":[{\"name\":\"lane\",\"type\":\"string\",\"doc\":\"Lane; the record key.\"},{\"name\":\"frontier_us\",\"type\":\"long\",\"doc\":\"Stream time that the lane has passed, microseconds since the epoch.\"},{\"name\":\"since_us\",\"type\":\"long\",\"default\":-1,\"doc\":\"What the lane's mark before this one said; -1: there is none.\"},{\"name\":\"needed_us\",\"type\":\"long\",\"doc\":\"The lane needs no record of this stream time or earlier to recover; -1: it needs all.\"},{\"name\":\"ended\",\"type\":\"boolean\",\"doc\":\"The lane's sources have ended and nothing follows in this run.\"},{\"name\":\"written\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"FrontierWrite\",\"doc\":\"The last record that the same commit wrote to a partition.\",\"fields\":[{\"name\":\"topic\",\"type\":\"string\",\"doc\":\"Topic.\"},{\"name\":\"partition\",\"type\":\"int\",\"doc\":\"Partition.\"},{\"name\":\"producer\",\"type\":\"string\",\"doc\":\"Producer of that record.\"},{\"name\":\"seq\",\"type\":\"long\",\"doc\":\"Its sequence number.\"},{\"name\":\"stream_time_us\",\"type\":\"long\",\"doc\":\"Its stream time, microseconds since the epoch.\"}]}},\"doc\":\"Per partition that the commit wrote.\"}]}",
  fingerprint: 'f7662fb4eef389e4f757eb5b5fd21cf77729f0434febefd0004f96bfe8422017',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundFrontierMark(value))
      arena.pos = writeFrontierMark(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(FrontierMark, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readFrontierMark()
    r.closeBody()
    return value
  },
}

function readFrontierWriteArray(): FrontierWrite[] {
  const items: FrontierWrite[] = []
  for (let left = r.readBlock(5); left > 0; left = r.readBlock(5)) {
    for (let i = 0; i < left; i++) items.push(readFrontierWrite())
  }
  return items
}

function boundFrontierMark(value: FrontierMark): number {
  let size = 35
  size += w.stringBound(value.lane)
  w.itemsOf(value.written)
  for (const item of value.written) {
    size += boundFrontierWrite(item)
  }
  return size
}
function writeFrontierMark(buf: Buffer, pos: number, value: FrontierMark): number {
  let at = pos
  at = w.putString(buf, at, value.lane)
  at = w.putLong(buf, at, value.frontier_us)
  at = w.putLong(buf, at, value.since_us)
  at = w.putLong(buf, at, value.needed_us)
  at = w.putBoolean(buf, at, value.ended)
  {
    const items = value.written
    const count = items.length
    if (count > 0) {
      at = w.putLong(buf, at, count)
      for (let i = 0; i < count; i++) {
        at = writeFrontierWrite(buf, at, items[i]!)
      }
    }
    buf[at++] = 0
  }
  return at
}
function readFrontierMark(): FrontierMark {
  return {
    lane: r.readString(),
    frontier_us: r.readLong(),
    since_us: r.readLong(),
    needed_us: r.readLong(),
    ended: r.readBoolean(),
    written: readFrontierWriteArray(),
  }
}
