/** Prints where that is which an image is made of, `kafka`, `registry` or `node`, after fetching it where needed. */
import { kafkaJars, registryApp } from '../servers/jars.ts'

const sources: Record<string, () => Promise<string> | string> = {
  kafka: kafkaJars,
  registry: registryApp,
  node: () => process.execPath,
}
console.log(await sources[process.argv[2] ?? '']!())
