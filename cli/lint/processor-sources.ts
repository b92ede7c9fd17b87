import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import type { Impurity } from '../../runtime/topology/world.ts'
import { type ScannedSource, scanSource } from './impurities.ts'

/**
 * What is impure in the sources of processors, by their names: the file that defines a processor and all that it
 * imports from the same room. Sources ship with the command, since they are run as they are.
 *
 * Each file is read once. A processor whose source is not found gives nothing.
 */
export function impuritiesIn(root: string, room = 'processors'): (processor: string) => readonly Impurity[] {
  const scanned = new Map<string, ScannedSource>()
  const scan = (file: string): ScannedSource => {
    const known = scanned.get(file)
    if (known !== undefined) return known
    const found = scanSource(file, readFileSync(file, 'utf8'))
    scanned.set(file, found)
    return found
  }
  const folder = join(root, room)
  const fileOf = (processor: string): string | undefined => {
    const usual = [join(folder, processor, 'index.ts'), join(folder, `${processor}.ts`)].filter(existsSync)
    const all = () => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
    const defines = (file: string) => scan(file).defines.includes(processor)
    return (
      usual.find(defines) ??
      all()
        .sort()
        .map((name) => join(folder, name))
        .find(defines)
    )
  }
  const answers = new Map<string, readonly Impurity[]>()
  return (processor) => {
    const known = answers.get(processor)
    if (known !== undefined) return known
    const start = existsSync(folder) ? fileOf(processor) : undefined
    const files = new Set(start === undefined ? [] : [start])
    const found: Impurity[] = []
    for (const file of files) {
      const { imports, impurities } = scan(file)
      found.push(...impurities.map((one) => ({ file: relative(root, file), ...one })))
      for (const path of imports.filter((name) => name.startsWith('.'))) {
        const target = resolve(dirname(file), path)
        if (target.startsWith(`${folder}/`) && existsSync(target)) files.add(target)
      }
    }
    answers.set(processor, found)
    return found
  }
}
