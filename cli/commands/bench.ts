import { Command, Option } from 'commander'
import type { RunName } from '../../bench/path-bench.ts'
import { parseDuration } from '../options.ts'

/** `aitrader bench`: the figures of this machine, each beside its floor without I/O. */
export function benchCommand(): Command {
  return new Command('bench')
    .description('measure throughput and latency of the whole path on this machine')
    .option(
      '--file <capture>',
      'Binance spot capture to loop (default: the recorded one where it is, else the simulated market)',
    )
    .option('--time <duration>', 'measured time of each run', '60s')
    .option('--warmup <duration>', 'time before it that does not count', '10s')
    .option('--out <file>', 'write the result as JSON as well')
    .option('--json', 'print the result as one JSON line')
    .addOption(new Option('--only <run>', 'one run alone').hideHelp())
    .action(
      async (options: {
        file?: string
        time: string
        warmup: string
        out?: string
        json?: boolean
        only?: RunName
      }) => {
        const { bench } = await import('../../bench/path-bench.ts')
        await bench({
          file: options.file,
          seconds: parseDuration(options.time, '--time') / 1000,
          warmup_s: parseDuration(options.warmup, '--warmup') / 1000,
          out: options.out,
          json: options.json ?? false,
          only: options.only,
        })
      },
    )
}
