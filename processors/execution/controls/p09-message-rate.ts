/** P09: messages to the venue in any second and any minute of stream time, this one included. Every sent one counts. */
import type { Control } from './control.ts'
import { deny, pass } from './control.ts'

const SECOND_US = 1_000_000
export const MINUTE_US = 60 * SECOND_US

export const p09: Control = ({ state, params, stream_time_us }) => {
  const within = (window_us: number) => 1 + state.messages.filter((at) => at > stream_time_us - window_us).length
  const second = within(SECOND_US)
  if (second > params.max_messages_per_second) {
    return deny('MESSAGE_RATE_SECOND', second, params.max_messages_per_second)
  }
  const minute = within(MINUTE_US)
  if (minute > params.max_messages_per_minute) {
    return deny('MESSAGE_RATE_MINUTE', minute, params.max_messages_per_minute)
  }
  return pass('P09', minute, params.max_messages_per_minute)
}
