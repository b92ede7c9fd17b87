/**
 * What a registry wants to know of us, from the environment or from files that it names; never from YAML or the command
 * line.
 */
import { readFileSync } from 'node:fs'
import { AppError } from '../../runtime/api/index.ts'
import type { RegistryAuth, RegistryOptions } from './http.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * `AITRADER_REGISTRY_USERNAME` with `AITRADER_REGISTRY_PASSWORD`, or `AITRADER_REGISTRY_TOKEN`; each secret also as
 * `..._FILE`; `AITRADER_REGISTRY_CA_FILE`. AppErrors (exit 2): `SECRET_UNREADABLE`, `BAD_ENVIRONMENT`.
 */
export function registryOptions(environment: Environment): RegistryOptions {
  const auth = authOf(environment)
  const ca_file = environment.AITRADER_REGISTRY_CA_FILE
  return {
    ...(auth === undefined ? {} : { auth }),
    ...(ca_file === undefined ? {} : { ca: readSecret('AITRADER_REGISTRY_CA_FILE', ca_file) }),
  }
}

function authOf(environment: Environment): RegistryAuth | undefined {
  const username = environment.AITRADER_REGISTRY_USERNAME
  const password = secret(environment, 'AITRADER_REGISTRY_PASSWORD')
  const token = secret(environment, 'AITRADER_REGISTRY_TOKEN')
  if (token !== undefined && username !== undefined) {
    throw badEnvironment('AITRADER_REGISTRY_TOKEN and AITRADER_REGISTRY_USERNAME are both set', 'unset one of them')
  }
  if (token !== undefined) return { token }
  if (username === undefined) return undefined
  if (password === undefined) {
    throw badEnvironment('AITRADER_REGISTRY_USERNAME is set without a password', 'set AITRADER_REGISTRY_PASSWORD_FILE')
  }
  return { username, password }
}

function secret(environment: Environment, name: string): string | undefined {
  const file = environment[`${name}_FILE`]
  if (file !== undefined) return readSecret(`${name}_FILE`, file).replace(/\r?\n$/, '')
  return environment[name]
}

function readSecret(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new AppError(
      'SECRET_UNREADABLE',
      `${name} names ${path}, which cannot be read: ${(cause as Error).message}`,
      {
        exit_code: 2,
        hint: 'mount the file, or let this user read it',
        cause,
      },
    )
  }
}

function badEnvironment(message: string, hint: string): AppError {
  return new AppError('BAD_ENVIRONMENT', message, { exit_code: 2, hint })
}
