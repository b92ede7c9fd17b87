import { placeOf } from '../yaml.ts'
import { type Scope, specializedOf } from './scope.ts'

/**
 * The expressions of a built-in stage type against the records of its topics.
 *
 * A condition that asks for no null is a warning, once all of them type. A finding stands at the very name or operator inside the expression, however YAML wrote the text.
 */
export function checkExpressions({ draft, world, report }: Scope): void {
  for (const stage of draft.stages) {
    const { problems = [], unguarded = [] } = specializedOf(stage, world) ?? {}
    const code = problems.length > 0 ? 'EXPRESSION_INVALID' : 'NULL_UNGUARDED'
    for (const { of, pointer, offset, message, hint } of problems.length > 0 ? problems : unguarded) {
      const tree = of === 'ports' ? stage.tree : (stage.params ?? stage.tree)
      const place = placeOf(tree, pointer)
      if (report.isRejected(place)) continue
      const at = place === stage.tree || place === stage.params ? stage.params_at : report.inside(place, offset)
      report.add(code, at, message, hint)
    }
  }
}
