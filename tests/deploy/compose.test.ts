/** docker-compose.yml keeps its promises, service by service: what a reviewer would look for in each. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '../..')
const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as Compose
const services = Object.entries(compose.services)

interface Service {
  image: string
  user: string
  read_only: boolean
  cap_drop: string[]
  security_opt: string[]
  init: boolean
  restart: string
  networks: string[]
  ports?: string[]
  volumes?: string[]
  tmpfs: string[]
  environment?: Record<string, string | number>
  secrets?: string[]
  command?: string[]
  healthcheck?: { test: string[]; interval: string; timeout: string; retries: number; start_period: string }
  depends_on?: Record<string, { condition: string }>
  mem_limit: string
  cpus: number
  pids_limit: number
  deploy?: unknown
  container_name?: string
  privileged?: boolean
  network_mode?: string
  logging: { options: Record<string, string> }
}

interface Compose {
  services: Record<string, Service>
  networks: Record<string, { internal?: boolean }>
  secrets: Record<string, { file: string }>
  volumes: Record<string, unknown>
}

/** It ends when its work is done, so that its exit code is its health. */
const isOneShot = (service: Service) => service.restart === 'no'

it('has every part', () => {
  expect(Object.keys(compose.services).sort()).toEqual([
    'apply',
    'grafana',
    'kafka',
    'prometheus',
    'registry',
    'stages',
    'timescaledb',
  ])
})

describe.each(services)('%s', (name, service) => {
  it('runs without rights', () => {
    expect(service.user).toMatch(/^[1-9]\d*:\d+$/)
    expect(service).toMatchObject({ read_only: true, init: true, cap_drop: ['ALL'] })
    expect(service.security_opt).toEqual(['no-new-privileges:true'])
    expect([service.privileged, service.network_mode]).toEqual([undefined, undefined])
  })

  it('has limits of memory, processor, processes and logs', () => {
    expect(service.mem_limit).toMatch(/^\d+[mg]$/)
    expect(service.cpus).toBeGreaterThan(0)
    expect(service.pids_limit).toBeGreaterThan(0)
    expect(Object.keys(service.logging.options)).toEqual(['max-size', 'max-file'])
  })

  it('publishes on loopback only, and else speaks on the internal network', () => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\$\{AITRADER_\w+_PORT:-\d+\}:\d+$/)
    expect(service.networks).toEqual(service.ports === undefined ? ['dataflow'] : ['dataflow', 'host'])
  })

  it('takes its image from the environment and writes its default with a version', () => {
    expect(service.image).toMatch(/^\$\{AITRADER_\w+_IMAGE:-[\w./-]+:[\w.-]+\}$/)
    expect(service.image).not.toMatch(/:latest\}$/)
  })

  it('mounts sources for reading, and writes to named volumes and memory only', () => {
    for (const volume of service.volumes ?? []) {
      const [source, , mode] = volume.replaceAll(/\$\{[^}]*\}/g, '_').split(':')
      if (source!.startsWith('.')) expect([volume, mode]).toEqual([volume, 'ro'])
      else expect(compose.volumes).toHaveProperty(source!)
    }
    expect(service.tmpfs.every((mount) => /:uid=\d+,.*mode=0[0-7]{3}$/.test(mount))).toBe(true)
  })

  it('tells whether it is well', () => {
    if (isOneShot(service)) return expect(service.healthcheck).toBeUndefined()
    expect(service.healthcheck?.test[0]).toBe('CMD')
    expect(Object.keys(service.healthcheck!).sort()).toEqual(['interval', 'retries', 'start_period', 'test', 'timeout'])
  })

  it('waits for what it needs until that is well, or done', () => {
    for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
      const once = isOneShot(compose.services[needed]!)
      expect([needed, condition]).toEqual([needed, once ? 'service_completed_successfully' : 'service_healthy'])
    }
  })

  it('gets secrets as files', () => {
    for (const [variable, value] of Object.entries(service.environment ?? {})) {
      if (/PASSWORD|SECRET|TOKEN/.test(variable)) {
        expect([variable, String(value)]).toEqual([
          expect.stringMatching(/_FILE$/),
          expect.stringMatching(/^\/run\/secrets\//),
        ])
        expect(service.secrets).toContain(String(value).split('/').at(-1))
      }
    }
    for (const secret of service.secrets ?? []) expect(compose.secrets).toHaveProperty(secret)
  })

  it('can be scaled, if it is the stages', () => {
    if (name !== 'stages') return
    expect([service.ports, service.container_name]).toEqual([undefined, undefined])
  })
})

it('keeps the services from the outside', () => {
  expect(compose.networks).toEqual({ dataflow: { internal: true }, host: {} })
})

it('makes the secrets that it reads', () => {
  const script = readFileSync(join(root, 'deploy/make-secrets.sh'), 'utf8')
  const made = /for name in (.*); do/.exec(script)![1]!.split(' ')
  expect(Object.keys(compose.secrets).sort()).toEqual(made.sort())
  for (const [name, { file }] of Object.entries(compose.secrets)) {
    expect(file).toBe(`\${AITRADER_SECRETS:-./.aitrader/secrets}/${name}`)
  }
})

it('mounts folders that are there', () => {
  const mounted = services.flatMap(([, { volumes = [] }]) => volumes.filter((volume) => volume.startsWith('./deploy')))
  expect(mounted.length).toBeGreaterThan(0)
  for (const volume of mounted) expect(readdirSync(join(root, volume.split(':')[0]!)).length).toBeGreaterThan(0)
})

it('puts into the image of the stages what they run on, and no tests, secrets or data', () => {
  const lines = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
  expect(lines.filter((line) => !line.startsWith('#'))[0]).toBe('*')
  for (const path of ['tests', '.git', '.aitrader', 'node_modules', 'deploy', 'docs']) {
    expect(lines).not.toContain(`!${path}`)
  }
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8')
  expect(dockerfile.match(/^USER .*$/gm)).toEqual(['USER 1000:1000'])
})
