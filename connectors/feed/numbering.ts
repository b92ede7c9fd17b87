/** Numbers and times of one source's frames, from one live feed or several: numbers dense, times strictly increasing. */
import { AppError, type Json } from '../../runtime/api/index.ts'

interface Position {
  readonly frame_seq: number
  readonly stream_time_us: number
}

export class Numbering {
  #frame_seq = -1
  /** Stream time of the last frame taken. */
  #taken_us = -1
  /** The last time that a frame was given, or that was said to have passed. */
  #last_us = -1

  /** Goes on behind a stored position. An AppError `POSITION_MALFORMED` (exit 2). */
  resume(position: Json): void {
    const { frame_seq, stream_time_us } = checked(position)
    this.#frame_seq = frame_seq
    this.#last_us = stream_time_us
    this.#taken_us = stream_time_us
  }

  /** The time of a frame that arrives now, by a clock that may stand or go back. */
  stamp(now_us: number): number {
    this.#last_us = Math.max(this.#last_us + 1, now_us)
    return this.#last_us
  }

  /** The number of the next frame, which is taken now. */
  take(receive_time_us: number): number {
    this.#taken_us = receive_time_us
    return ++this.#frame_seq
  }

  /** Until here no frame comes any more: now, where none waits. Later ones are stamped above it. */
  passed(now_us: number, waiting: boolean): number {
    if (waiting) return this.#taken_us
    this.#last_us = Math.max(this.#last_us, now_us)
    return this.#last_us
  }
}

function checked(json: Json): Position {
  const { frame_seq, stream_time_us } = (json ?? {}) as Partial<Position>
  if (Number.isSafeInteger(frame_seq) && Number.isSafeInteger(stream_time_us)) return json as unknown as Position
  throw new AppError('POSITION_MALFORMED', 'the stored position is not one of a live feed', {
    exit_code: 2,
    hint: 'start with the same source as before, or use another data directory',
  })
}
