import type { MapTree } from '../yaml.ts'
import type { Scope } from './scope.ts'

/** Instruments agree with themselves and with each other, and something writes them. */
export function checkInstruments({ draft, report }: Scope): void {
  const list = draft.instruments
  if (list === undefined) return
  if (list.items.length > 0 && draft.whole && !draft.sources.some(({ name }) => name === 'topology')) {
    const hint = 'add `topology: { to: TOPIC }` under `sources`'
    report.add('INSTRUMENTS_UNWRITTEN', draft.instruments_at, 'no source writes the instruments', hint)
  }
  const seen = new Map<string, number>()
  const kinds = new Map<string, { readonly kind: string; readonly at: number }>()
  for (const item of list.items) {
    if (item.kind !== 'map') continue
    const id = text(item, 'instrument_id')
    const symbol = text(item, 'symbol')
    const venue = text(item, 'venue')
    const id_at = item.entries.get('instrument_id')?.value.at ?? item.at
    const add = (at: number, message: string, hint: string) => report.add('INSTRUMENT_INVALID', at, message, hint)

    if (id !== undefined && symbol !== undefined && venue !== undefined && id !== `${symbol}.${venue}`) {
      add(id_at, `\`${id}\` is not made of its symbol and venue`, `write \`instrument_id: ${symbol}.${venue}\``)
    }
    if (id !== undefined) {
      const first = seen.get(id)
      if (first !== undefined) add(id_at, `\`${id}\` stands on line ${report.line(first)} already`, 'keep one of them')
      else seen.set(id, id_at)
    }
    const kind = text(item, 'kind')
    if (symbol !== undefined && kind !== undefined) {
      const other = kinds.get(symbol)
      if (other === undefined) kinds.set(symbol, { kind, at: id_at })
      else if (other.kind !== kind) {
        const message = `\`${symbol}\` is ${kind} here and ${other.kind} on line ${report.line(other.at)}`
        // They are not worth the same, and what is known of several venues is joined by symbol.
        add(id_at, message, 'best prices are kept by symbol: put the two into topologies of their own')
      }
    }
    const lot = integer(item, 'lot_size_qty')
    const least = integer(item, 'min_qty')
    const most = integer(item, 'max_qty')
    if (least !== undefined && most !== undefined && least > most) {
      const at = item.entries.get('min_qty')!.value.at
      add(at, `\`min_qty\` ${least} is above \`max_qty\` ${most}`, 'no order could be sent')
    } else if (lot !== undefined && lot > 0 && least !== undefined && least % lot !== 0) {
      const at = item.entries.get('min_qty')!.value.at
      add(at, `\`min_qty\` ${least} is no multiple of \`lot_size_qty\` ${lot}`, 'round it to a lot')
    }
  }
}

function text(tree: MapTree, field: string): string | undefined {
  const value = tree.entries.get(field)?.value
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined
}

function integer(tree: MapTree, field: string): number | undefined {
  const value = tree.entries.get(field)?.value
  return value?.kind === 'scalar' && Number.isSafeInteger(value.value) ? (value.value as number) : undefined
}
