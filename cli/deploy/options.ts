/** Options that `plan`, `apply` and `reset` share. */
import { type Command, Option } from 'commander'
import { AppError } from '../../runtime/api/index.ts'
import { loadTopology } from '../compose.ts'
import { parseWhole } from '../options.ts'
import { topologyOptions } from '../topology-file.ts'
import type { Wishes } from './deployment.ts'

export interface AddressOptions {
  readonly kafka?: string
  readonly registry?: string
}

export interface WishOptions {
  readonly topology: string
  readonly overlay: readonly string[]
  readonly replication?: string
  readonly principal?: string
  readonly allowLoss: readonly string[]
}

const collect = (value: string, all: readonly string[]): string[] => [...all, value]

export function addressOptions(command: Command): Command {
  return command
    .addOption(new Option('--kafka <addresses>', 'brokers to begin with: HOST:PORT, several with commas'))
    .addOption(new Option('--registry <url>', 'schema registry, .../apis/ccompat/v7 of Apicurio'))
}

export function wishOptions(command: Command): Command {
  return topologyOptions(command, 'what is to run there')
    .option('--replication <n>', "copies of each partition (default: the broker's)")
    .option('--principal <name>', 'plan the rights of this user too: User:aitrader')
    .option('--allow-loss <stage>', 'the state of this stage may be lost; may be given several times', collect, [])
}

/** Both addresses, which every command that goes to Kafka needs. */
export function addressesOf({ kafka, registry }: AddressOptions): { kafka: string; registry: string } {
  if (kafka !== undefined && registry !== undefined) return { kafka, registry }
  throw new AppError('BAD_OPTION', `${kafka === undefined ? '--kafka' : '--registry'} is missing`, {
    exit_code: 2,
    hint: 'give both: --kafka HOST:PORT --registry http://HOST:PORT/apis/ccompat/v7',
  })
}

export async function wishesFrom(options: WishOptions): Promise<Wishes> {
  const topology = await loadTopology(options.topology, options.overlay)
  const { replication, principal, allowLoss } = options
  if (principal !== undefined && !/^[A-Za-z]+:.+$/.test(principal)) {
    throw new AppError('BAD_OPTION', `--principal ${JSON.stringify(principal)} is not TYPE:NAME`, {
      exit_code: 2,
      hint: 'write it as the broker does, User:aitrader',
    })
  }
  return {
    topology,
    replication: replication === undefined ? undefined : parseWhole(replication, '--replication', 1),
    principal,
    allow_loss: allowLoss,
  }
}
