/**
 * Which trades count for price and which for volume, by their sale conditions.
 *
 * A trade with several conditions counts only where none of them forbids it, but for `price_always`. A text that is no
 * mask where masks are said is not known, and what is not known is a fault of the trade, never a guess.
 */
import type { BarsParams } from './params.ts'

/** Bits of an answer. */
export const FOR_PRICE = 1
export const FOR_VOLUME = 2
const COUNTS = FOR_PRICE | FOR_VOLUME
export const NOT_READABLE = -1

/** What a trade with these conditions counts for; NOT_READABLE for a text that the coding does not have. */
export type ConditionRule = (conditions: string) => number

type Conditions = BarsParams['conditions']
const MASK = /^[0-9A-Fa-f]{1,8}$/

/** Distinct texts are few; an attacker's are not. */
const REMEMBERED = 4_096

export function conditionRule(rule: Conditions): ConditionRule {
  const judge = rule.coding === 'letters' ? letters(rule) : flags(rule)
  const known = new Map<string, number>()
  return (conditions) => {
    // Most trades of most venues.
    if (conditions === '') return COUNTS
    let answer = known.get(conditions)
    if (answer === undefined) {
      answer = judge(conditions)
      if (known.size >= REMEMBERED) known.clear()
      known.set(conditions, answer)
    }
    return answer
  }
}

function letters({ no_price, no_volume, price_always }: Conditions): ConditionRule {
  const has = (conditions: string, codes: string) => [...conditions].some((code) => codes.includes(code))
  return (conditions) =>
    (has(conditions, price_always) || !has(conditions, no_price) ? FOR_PRICE : 0) |
    (has(conditions, no_volume) ? 0 : FOR_VOLUME)
}

function flags({ no_price, no_volume, price_always }: Conditions): ConditionRule {
  const [price, volume, always] = [mask(no_price), mask(no_volume), mask(price_always)]
  return (conditions) => {
    if (!MASK.test(conditions)) return NOT_READABLE
    const bits = mask(conditions)
    return ((bits & always) !== 0 || (bits & price) === 0 ? FOR_PRICE : 0) | ((bits & volume) === 0 ? FOR_VOLUME : 0)
  }
}

/** The bits of a hexadecimal text; none for an empty one, and for one that is no mask (lists of letters, by default). */
function mask(text: string): number {
  return MASK.test(text) ? Number.parseInt(text, 16) : 0
}
