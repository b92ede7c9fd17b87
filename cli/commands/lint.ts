import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { Command, Option } from 'commander'
import pkg from '../../package.json' with { type: 'json' }
import { AppError } from '../../runtime/api/index.ts'
import { severityOf } from '../../runtime/topology/codes.ts'
import { lintLibrary } from '../../runtime/topology/templates.ts'
import type { World } from '../../runtime/topology/world.ts'
import { formatOutcome, LINT_FORMATS, type LintFormat } from '../lint/formats.ts'
import { ANY_YAML, watchFiles } from '../lint/watch.ts'
import { onSignals } from '../signals.ts'
import { readTests } from '../test/files.ts'
import {
  askedFor,
  DEFAULT_TOPOLOGY,
  filesOf,
  isFolder,
  lintTopology,
  overlayOption,
  readText,
  wantsColour,
} from '../topology-file.ts'
import { judgedWorld } from '../world.ts'

interface LintOptions {
  readonly json?: boolean
  readonly format: LintFormat
  readonly watch?: boolean
  readonly overlay: readonly string[]
}

/** Clears the screen and what was scrolled away, and begins at the top. */
const CLEAR = '\u001b[2J\u001b[3J\u001b[H'

/**
 * `aitrader lint`: everything that is wrong with topologies and topology tests, at once. Exit code 1 if any of it is an
 * error; warnings alone end with 0.
 *
 * A folder stands for the `.yaml` files directly in it: overlays and templates lie deeper, and are read with what names
 * them.
 *
 * `--watch` looks again whenever one of the files or of those that they name changes, until it is interrupted, and says
 * so on stderr; a file that is gone for a moment is a message, not the end. Processors' sources are read once: a change there needs a new start.
 */
export function lintCommand(load: () => Promise<World> = judgedWorld): Command {
  const command = new Command('lint')
    .description('check topologies and topology tests: shape, names, records, ports, parameters, cycles, determinism')
    .argument('[files...]', 'YAML files, and folders for those directly in them', [DEFAULT_TOPOLOGY])
    .addOption(new Option('--format <format>', 'how findings are written').choices(LINT_FORMATS).default('text'))
    .option('--json', 'one JSON object per finding, as --format json')
    .option('--watch', 'check again whenever a file changes')
    .action(async (paths: string[], options: LintOptions) => {
      const world = await load()
      const format = options.json === true ? 'json' : options.format
      if (options.watch === true) return watch(paths, options.overlay, world, format)
      const files = paths.flatMap(filesOf)
      const findings = files.flatMap((file) => lintFile(file, options.overlay, world))
      process.stdout.write(formatOutcome({ files, findings }, format, wantsColour(process.stdout), pkg.version))
      if (findings.some(({ code }) => severityOf(code) === 'error')) process.exitCode = 1
    })
  return overlayOption(command)
}

async function watch(
  given: readonly string[],
  overlays: readonly string[],
  world: World,
  format: LintFormat,
): Promise<void> {
  const named = [...given.map((path) => (isFolder(path) ? join(path, ANY_YAML) : path)), ...overlays]
  // A file may come and go; a folder that is not there cannot be watched.
  for (const path of named) if (!existsSync(dirname(path))) readText(path)
  const show = () => {
    const { result: text, paths } = askedFor(() => outcomeText(given, overlays, world, format))
    const others = paths.filter((path) => existsSync(dirname(path)) && !named.some((one) => covers(one, path)))
    process.stdout.write(process.stdout.isTTY === true ? CLEAR + text : text)
    process.stderr.write(watchingText(named, others.length))
    return [...named, ...others]
  }
  const stop = new AbortController()
  const listening = onSignals(() => stop.abort())
  try {
    await watchFiles(named, show, stop.signal)
  } finally {
    listening()
  }
}

function covers(named: string, path: string): boolean {
  return (
    normalize(named) === normalize(path) ||
    (path.endsWith('.yaml') && normalize(named) === join(dirname(path), ANY_YAML))
  )
}

function watchingText(named: readonly string[], others: number): string {
  const beside = others === 0 ? '' : ` and ${others} file${others === 1 ? '' : 's'} named there`
  return `watching ${named.join(', ')}${beside}; Ctrl-C ends it\n`
}

function outcomeText(given: readonly string[], overlays: readonly string[], world: World, format: LintFormat): string {
  try {
    const files = given.flatMap(filesOf)
    const findings = files.flatMap((file) => lintFile(file, overlays, world))
    return formatOutcome({ files, findings }, format, wantsColour(process.stdout), pkg.version)
  } catch (error) {
    if (error instanceof AppError && error.code === 'FILE_UNREADABLE') return `${error.message}\n`
    throw error
  }
}

function lintFile(file: string, overlays: readonly string[], world: World) {
  // A file with `tests:` is a topology test; topologies have no such field.
  if (/^tests:/m.test(readText(file))) return readTests(file, world, overlays).findings
  // One with templates and no stages is a library.
  if (/^templates:/m.test(readText(file)) && !/^(stages|use_templates):/m.test(readText(file))) {
    return lintLibrary(readText(file), file)
  }
  return lintTopology(file, world, overlays).all
}
