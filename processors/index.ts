import type { AnyProcessor } from '../runtime/api/index.ts'
import { auditSink } from './audit-sink/index.ts'
import { bars } from './bars/index.ts'
import { bookBuilder } from './book-builder/index.ts'
import { builtins } from './builtin/index.ts'
import { execution } from './execution/index.ts'
import { inferenceEnricher } from './inference-enricher/index.ts'
import { nbbo } from './nbbo/index.ts'
import { normalizer } from './normalizer/index.ts'
import { patternScorer } from './pattern-scorer/index.ts'
import { strategy } from './strategy/index.ts'
import { venueSimulator } from './venue-simulator/index.ts'

/** Every processor by the name that topologies use. */
export const processors: Readonly<Record<string, AnyProcessor>> = {
  [auditSink.name]: auditSink,
  [bars.name]: bars,
  [bookBuilder.name]: bookBuilder,
  [execution.name]: execution,
  [inferenceEnricher.name]: inferenceEnricher,
  [nbbo.name]: nbbo,
  [normalizer.name]: normalizer,
  [patternScorer.name]: patternScorer,
  [strategy.name]: strategy,
  [venueSimulator.name]: venueSimulator,
  ...Object.fromEntries(builtins.map((builtin) => [builtin.name, builtin])),
}
