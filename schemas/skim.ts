/**
 * Walks one body by its writer's schema and keeps nothing: proof that the bytes are exactly one record of it.
 *
 * avsc trusts array counts (a hostile one makes it fill the memory), takes broken UTF-8 and reads past the end; so a
 * body that avsc is to resolve is walked here first. Any Avro type may occur, because the schema may be a stranger's.
 */
import type { Type, types } from 'avsc'
import * as r from './wire-read.ts'

type Skim = () => void

/** A function that moves over one value of `type` between `openBody` and `closeBody`. */
export function compileSkim(type: Type, known: Map<Type, Skim> = new Map()): Skim {
  const done = known.get(type)
  if (done !== undefined) return done
  // A recursive schema meets its own record while that is being compiled.
  let skim: Skim | undefined
  known.set(type, () => skim!())
  skim = compile(type, known)
  known.set(type, skim)
  return skim
}

function compile(type: Type, known: Map<Type, Skim>): Skim {
  const name: string = type.typeName
  if (name.startsWith('logical:')) return compileSkim((type as types.LogicalType).underlyingType, known)
  if (name.startsWith('union:')) {
    const branches = (type as types.UnwrappedUnionType).types.map((branch) => compileSkim(branch, known))
    return () => branches[r.readIndex(branches.length)]!()
  }
  switch (name) {
    case 'null':
      return () => {}
    case 'boolean':
      return r.readBoolean
    case 'int':
      return r.readInt
    case 'long':
    case 'abstract:long':
      return r.readLong
    case 'float':
      return () => r.skipBytes(4)
    case 'double':
      return r.readDouble
    case 'string':
      return r.readString
    case 'bytes':
      return r.skipByteString
    case 'fixed': {
      const { size } = type as types.FixedType
      return () => r.skipBytes(size)
    }
    case 'enum': {
      const { length } = (type as types.EnumType).symbols
      return () => r.readIndex(length)
    }
    case 'array':
      return blocks(compileSkim((type as types.ArrayType).itemsType, known))
    case 'map': {
      const value = compileSkim((type as types.MapType).valuesType, known)
      return blocks(() => {
        r.readString()
        value()
      })
    }
    default: {
      const fields = (type as types.RecordType).fields.map((field) => compileSkim(field.type, known))
      return () => {
        for (const field of fields) field()
      }
    }
  }
}

/** Items that take no bytes at all would let a count be as large as it likes: each must be worth one. */
function blocks(item: Skim): Skim {
  return () => {
    for (let left = r.readBlock(1); left > 0; left = r.readBlock(1)) for (let i = 0; i < left; i++) item()
  }
}
