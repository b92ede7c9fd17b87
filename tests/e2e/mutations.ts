import type { Draws } from './draws.ts'

/**
 * What can be wrong with a frame: each kind of damage makes bytes from the bytes of a good frame. Some results are
 * good frames again (a changed digit, an old frame sent twice); the tests tell by means of their own.
 */
export type Mutation = (frame: Buffer, draws: Draws, other: Buffer) => Buffer

const MEGABYTE = 1_000_000

export const mutations: Readonly<Record<string, Mutation>> = {
  flipped_bits(frame, draws) {
    const out = Buffer.from(frame)
    for (let left = 1 + draws.below(6); left > 0; left--) {
      const at = draws.below(out.length)
      out[at] = (out[at] as number) ^ (1 << draws.below(8))
    }
    return out
  },
  cut_off: (frame, draws) => frame.subarray(0, draws.below(frame.length)),
  beginning_lost: (frame, draws) => frame.subarray(1 + draws.below(frame.length - 1)),
  part_lost(frame, draws) {
    const at = draws.below(frame.length)
    return splice(frame, at, 1 + draws.below(30), Buffer.alloc(0))
  },
  bytes_put_in(frame, draws) {
    const bytes = Buffer.from(Array.from({ length: 1 + draws.below(20) }, () => draws.below(256)))
    return splice(frame, draws.below(frame.length + 1), 0, bytes)
  },
  part_twice(frame, draws) {
    const at = draws.below(frame.length)
    return splice(frame, at, 0, frame.subarray(at, at + 1 + draws.below(60)))
  },
  two_frames_joined(frame, draws, other) {
    return Buffer.concat([frame.subarray(0, draws.below(frame.length)), other.subarray(draws.below(other.length))])
  },
  sent_twice: (frame) => frame,
  other_digit(frame, draws) {
    const digits = [...frame.keys()].filter((at) => isDigit(frame[at]))
    const out = Buffer.from(frame)
    if (digits.length > 0) out[draws.of(digits)] = 0x30 + draws.below(10)
    return out
  },
  other_number(frame, draws) {
    const numbers = [...frame.toString('latin1').matchAll(/\d+(\.\d+)?/g)]
    if (numbers.length === 0) return frame
    const { 0: text, index } = draws.of(numbers)
    return splice(frame, index, text.length, Buffer.from(number(draws)))
  },
  other_value(frame, draws) {
    const values = [...frame.toString('latin1').matchAll(/:("[^"]*"|\d+|true|false)/g)]
    if (values.length === 0) return frame
    const { 0: text, index } = draws.of(values)
    return splice(frame, index + 1, text.length - 1, Buffer.from(draws.of(VALUES)))
  },
  field_twice(frame, draws) {
    const fields = [...frame.toString('latin1').matchAll(/"[A-Za-z_]+":("[^"]*"|\d+)/g)]
    if (fields.length === 0) return frame
    const field = draws.of(fields)[0]
    return Buffer.from(frame.toString('latin1').replace(/\{(?=[^{]*$)/, `{${field},`), 'latin1')
  },
  nul_bytes: (frame, draws) => splice(frame, draws.below(frame.length + 1), 0, Buffer.alloc(1 + draws.below(9))),
  no_utf8: (frame, draws) => splice(frame, draws.below(frame.length + 1), 0, Buffer.from(draws.of(NO_UTF8))),
  deep(frame, draws) {
    const depth = 1 + draws.below(20_000)
    const open = draws.of(['[', '{"data":', '{"stream":"a@trade","data":', '[['])
    const close = draws.below(2) === 0 ? '' : open.replaceAll(/[^[{]/g, '').replaceAll('[', ']').replaceAll('{', '}')
    const inner = draws.below(2) === 0 ? frame : Buffer.from('1')
    return Buffer.concat([Buffer.from(open.repeat(depth)), inner, Buffer.from(close.repeat(depth))])
  },
}

/** Kinds of a megabyte and more; the last is beyond what the decoder reads at all. */
export const large: Readonly<Record<string, Mutation>> = {
  spaces: (frame, draws) => splice(frame, 1, 0, Buffer.alloc(MEGABYTE + draws.below(MEGABYTE), ' ')),
  a_million_digits: (frame) => withNumber(frame, '7'.repeat(MEGABYTE)),
  a_million_deep: () => Buffer.from('['.repeat(MEGABYTE)),
  a_million_escapes: (frame) =>
    Buffer.concat([Buffer.from(`{"stream":"${'\\u0041'.repeat(MEGABYTE / 5)}","data":`), frame, Buffer.from('}')]),
  many_levels(frame) {
    const levels = '["1.00","1.0"],'.repeat(MEGABYTE / 10)
    return Buffer.from(frame.toString('latin1').replace('"b":[', `"b":[${levels}`), 'latin1')
  },
  zeros: (frame) => Buffer.concat([frame, Buffer.alloc(MEGABYTE)]),
  too_long: (frame, draws) => Buffer.concat([frame, Buffer.alloc(4_300_000 + draws.below(MEGABYTE), 0x20)]),
}

const VALUES = ['null', '[]', '{}', '""', 'true', '-1', '"x"', '1e400', '[[]]', '{"__proto__":{"a":1}}', '"\\ud800"']
const NO_UTF8 = [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]]

function number(draws: Draws): string {
  const digits = String(1 + draws.below(9)).repeat(1 + draws.below(400))
  return draws.of([
    digits,
    `-${digits}`,
    `0.${digits}`,
    '1e308',
    '1E-7',
    '007',
    '9007199254740993',
    '-0',
    'NaN',
    '0x7f',
  ])
}

function withNumber(frame: Buffer, digits: string): Buffer {
  return Buffer.from(frame.toString('latin1').replace(/\d{5,}/, digits), 'latin1')
}

function splice(frame: Buffer, at: number, length: number, bytes: Buffer): Buffer {
  return Buffer.concat([frame.subarray(0, at), bytes, frame.subarray(at + length)])
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}
