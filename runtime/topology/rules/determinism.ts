import { processorOf, type Scope } from './scope.ts'

/**
 * A stage whose processor reads a clock, draws lots or asks the world computes something else when it is run again.
 * Effects may: their answers are records. Where no sources are known, nothing is said.
 */
export function checkDeterminism({ draft, world, report }: Scope): void {
  if (world.impurities === undefined) return
  for (const stage of draft.stages) {
    const processor = processorOf(stage, world)
    if (processor === undefined || stage.use === undefined || processor.kind !== 'processor') continue
    for (const { file, line, column, what, instead } of world.impurities(processor.name)) {
      const message = `\`${processor.name}\` ${what} at ${file}:${line}:${column}, and nothing records it`
      report.add('NOT_DETERMINISTIC', stage.use.at, message, instead)
    }
  }
}
