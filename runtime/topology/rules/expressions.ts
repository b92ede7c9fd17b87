import { placeOf } from '../yaml.ts'
import { type Scope, specializedOf } from './scope.ts'

/**
 * The expressions of a built-in stage type against the records of its topics.
 *
 * A finding stands at the very name or operator inside the expression, however YAML wrote the text.
 */
export function checkExpressions({ draft, world, report }: Scope): void {
  for (const stage of draft.stages) {
    for (const { of, pointer, offset, message, hint } of specializedOf(stage, world)?.problems ?? []) {
      const tree = of === 'ports' ? stage.tree : (stage.params ?? stage.tree)
      const place = placeOf(tree, pointer)
      if (report.isRejected(place)) continue
      const at = place === stage.tree || place === stage.params ? stage.params_at : report.inside(place, offset)
      report.add('EXPRESSION_INVALID', at, message, hint)
    }
  }
}
