import { Arena, DataFault, fromBase64, type Step, toBase64 } from '../../runtime/api/index.ts'
import type { AnyRecord, Value } from './builtin.ts'
import { faultOf } from './expressions.ts'

/** Records inside a state are snapshot as their Avro bodies: exact for every field, bytes and large numbers too. */
export interface Keeper {
  pack(value: Value): string
  unpack(text: string): Value
}

export function keeperOf(record: AnyRecord): Keeper {
  const arena = new Arena(1_024)
  return {
    pack(value) {
      arena.reset()
      ;(record.encode as (value: unknown, arena: Arena) => void)(value, arena)
      return toBase64(arena.bytes())
    },
    unpack(text) {
      const bytes = fromBase64(text)
      return record.decode(bytes, 0, bytes.length) as Value
    },
  }
}

/**
 * Runs what may fail after the state has changed: thrown as a `DataFault`, a failure keeps the change. So what could not
 * be written is refused once, and does not stand in the way of all that follows.
 */
export function afterChange<S>(step: () => Step<S>): Step<S> {
  try {
    return step()
  } catch (error) {
    const { code, detail } = faultOf(error) as Extract<Step<never, never>, { kind: 'fault' }>
    throw new DataFault(code, code, detail)
  }
}
