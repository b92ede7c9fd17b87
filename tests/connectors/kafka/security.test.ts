/** TLS and SASL come from environment and files, work over both wires, and their secrets come out nowhere. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAcls, createTopics, deleteAcls, describeAcls, listOffsets } from '../../../connectors/kafka/admin.ts'
import { Cluster } from '../../../connectors/kafka/cluster.ts'
import { initProducerId } from '../../../connectors/kafka/requests/init-producer-id.ts'
import { readSecurity } from '../../../connectors/kafka/security.ts'
import { openWire, WIRE_CLIENTS } from '../../../connectors/kafka/wires.ts'
import { describeWithKafka, type Kafka, startKafka } from '../../servers/index.ts'
import { type Certificates, makeCertificates } from './certificates.ts'

const SECRET = 'open-sesame-4711'
const folder = mkdtempSync(join(tmpdir(), 'aitrader-security-'))
const P = 'AITRADER_KAFKA_'
const PATIENCE = { timeout: 30_000, interval: 20 }
let certificates: Certificates

const file = (name: string, content: string) => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

beforeAll(() => {
  certificates = makeCertificates(folder)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('reading the settings', () => {
  const refusal = async (env: Record<string, string>) => {
    const error = await readSecurity(env).catch((cause) => cause)
    expect([error.code, error.exit_code]).toEqual(['KAFKA_SECURITY', 2])
    expect(inspect(error, { depth: 9 })).not.toContain(SECRET)
    return error.message
  }

  it('without any is in clear and unnamed, empty ones included', async () => {
    expect(await readSecurity({})).toEqual({})
    expect(await readSecurity({ [`${P}TLS_CA_FILE`]: '', [`${P}SASL_MECHANISM`]: '' })).toEqual({})
  })

  it('takes user and password from the environment or from files, their last line break aside', async () => {
    const sasl = { mechanism: 'SCRAM-SHA-512', username: 'alice', password: SECRET }
    expect(
      await readSecurity({
        [`${P}SASL_MECHANISM`]: 'SCRAM-SHA-512',
        [`${P}SASL_USERNAME`]: 'alice',
        [`${P}SASL_PASSWORD_FILE`]: file('password', `${SECRET}\n`),
      }),
    ).toEqual({ sasl })
    expect(
      await readSecurity({
        [`${P}SASL_MECHANISM`]: 'SCRAM-SHA-512',
        [`${P}SASL_USERNAME_FILE`]: file('user', 'alice\r\n'),
        [`${P}SASL_PASSWORD`]: SECRET,
      }),
    ).toEqual({ sasl })
  })

  it('reads a token again whenever it is asked for', async () => {
    const path = file('token', 'first\n')
    const { sasl } = await readSecurity({ [`${P}SASL_MECHANISM`]: 'OAUTHBEARER', [`${P}SASL_TOKEN_FILE`]: path })
    if (sasl?.mechanism !== 'OAUTHBEARER') throw new Error('another mechanism')
    file('token', 'second\n')
    expect(await sasl.token()).toBe('second')
  })

  it('takes TLS from three kinds of settings', async () => {
    expect(await readSecurity({ [`${P}TLS`]: 'true', [`${P}TLS_SERVER_NAME`]: 'kafka' })).toEqual({
      tls: { servername: 'kafka' },
    })
    const { tls } = await readSecurity({
      [`${P}TLS_CA_FILE`]: certificates.ca_file,
      [`${P}TLS_CERT_FILE`]: certificates.client_cert_file,
      [`${P}TLS_KEY_FILE`]: certificates.client_key_file,
    })
    expect(Object.keys(tls ?? {})).toEqual(['ca', 'cert', 'key'])
  })

  it('says what is missing, doubled or unreadable, and no secret', async () => {
    const plain = { [`${P}SASL_MECHANISM`]: 'PLAIN', [`${P}SASL_USERNAME`]: 'alice', [`${P}SASL_PASSWORD`]: SECRET }
    expect(await refusal({ ...plain, [`${P}SASL_MECHANISM`]: 'MAGIC' })).toBe(
      'AITRADER_KAFKA_SASL_MECHANISM is none of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER',
    )
    expect(await refusal({ ...plain, [`${P}SASL_PASSWORD_FILE`]: file('password', SECRET) })).toBe(
      'AITRADER_KAFKA_SASL_PASSWORD and AITRADER_KAFKA_SASL_PASSWORD_FILE are both set',
    )
    expect(await refusal({ [`${P}SASL_MECHANISM`]: 'PLAIN', [`${P}SASL_USERNAME`]: 'alice' })).toBe(
      'PLAIN needs AITRADER_KAFKA_SASL_PASSWORD or AITRADER_KAFKA_SASL_PASSWORD_FILE',
    )
    expect(await refusal({ [`${P}SASL_PASSWORD`]: SECRET })).toBe(
      'AITRADER_KAFKA_SASL_PASSWORD is set and AITRADER_KAFKA_SASL_MECHANISM is not',
    )
    expect(await refusal({ [`${P}SASL_MECHANISM`]: 'OAUTHBEARER' })).toBe(
      'OAUTHBEARER needs a token in AITRADER_KAFKA_SASL_TOKEN_FILE',
    )
    const nowhere = join(folder, 'nowhere')
    expect(await refusal({ [`${P}TLS_CA_FILE`]: nowhere })).toBe(
      `AITRADER_KAFKA_TLS_CA_FILE names ${nowhere}, which cannot be read (ENOENT)`,
    )
    expect(await refusal({ [`${P}TLS_CERT_FILE`]: certificates.client_cert_file })).toBe(
      'AITRADER_KAFKA_TLS_CERT_FILE and AITRADER_KAFKA_TLS_KEY_FILE belong together and only one is set',
    )
    expect(await refusal({ [`${P}TLS`]: 'false', [`${P}TLS_CA_FILE`]: certificates.ca_file })).toBe(
      'AITRADER_KAFKA_TLS is false and an authority is given',
    )
    expect(await refusal({ [`${P}TLS`]: 'yes' })).toBe('AITRADER_KAFKA_TLS is neither true nor false')
    const broken = {
      [`${P}TLS_CERT_FILE`]: certificates.client_cert_file,
      [`${P}TLS_KEY_FILE`]: file('bad.key', SECRET),
    }
    expect(await refusal(broken)).toMatch(
      /^the certificates or the key that AITRADER_KAFKA_TLS_\.\.\. name cannot be used/,
    )
  })
})

describeWithKafka('a broker with TLS, SASL and an authorizer', () => {
  let kafka: Kafka

  beforeAll(async () => {
    const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
    const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="${SECRET}";`
    const oauth =
      'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";'
    kafka = await startKafka({
      own: true,
      listeners: {
        SECURE: 'SASL_SSL',
        OAUTH: 'SASL_SSL',
        MUTUAL: 'SSL',
        NAMED: 'SASL_PLAINTEXT',
        BRIEF: 'SASL_PLAINTEXT',
      },
      scram: [256, 512].map((bits) => `SCRAM-SHA-${bits}=[name=alice,password=${SECRET}]`),
      properties: {
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS;User:CN=client',
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.location': certificates.server_pem_file,
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.location': certificates.ca_file,
        'listener.name.mutual.ssl.client.auth': 'required',
        'listener.name.secure.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
        'listener.name.secure.plain.sasl.jaas.config': plain,
        'listener.name.secure.scram-sha-256.sasl.jaas.config': scram,
        'listener.name.secure.scram-sha-512.sasl.jaas.config': scram,
        'listener.name.oauth.sasl.enabled.mechanisms': 'OAUTHBEARER',
        'listener.name.oauth.oauthbearer.sasl.jaas.config': oauth,
        'listener.name.named.sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.named.plain.sasl.jaas.config': plain,
        'listener.name.brief.sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.brief.plain.sasl.jaas.config': plain,
        'listener.name.brief.plain.connections.max.reauth.ms': '1000',
      },
    })
  }, 120_000)

  afterAll(async () => kafka?.stop())

  describe.each(WIRE_CLIENTS)('over %s', (client) => {
    async function connect(listener: string, env: Record<string, string>, deadline_ms = 10_000): Promise<Cluster> {
      const [host, port] = kafka.listeners[listener]!.split(':')
      const at = [{ host: host!, port: Number(port) }]
      const security = await readSecurity(
        Object.fromEntries(Object.entries(env).map(([key, value]) => [P + key, value])),
      )
      return Cluster.connect(await openWire(client, { bootstrap: at, security }), at, { deadline_ms })
    }

    const tls = () => ({ TLS_CA_FILE: certificates.ca_file })
    const alice = (mechanism: string, password = SECRET) => ({
      ...tls(),
      SASL_MECHANISM: mechanism,
      SASL_USERNAME: 'alice',
      SASL_PASSWORD_FILE: file('password', `${password}\n`),
    })

    async function failure(connecting: Promise<Cluster>): Promise<string> {
      const error = await connecting.then(
        () => new Error('connected'),
        (cause) => cause,
      )
      expect(inspect(error, { depth: 12, showHidden: true })).not.toContain(SECRET)
      expect(error.hint).toMatch(/AITRADER_KAFKA_/)
      return `${error.code} ${error.exit_code}`
    }

    it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('%s names the user', async (mechanism) => {
      const cluster = await connect('SECURE', alice(mechanism))
      expect(cluster.cluster_id).not.toBe('')
      await cluster.close()
    })

    it('OAUTHBEARER names the user', async () => {
      const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const seconds = Math.floor(Date.now() / 1000)
      const token = `${encode({ alg: 'none' })}.${encode({ sub: 'alice', iat: seconds - 10, exp: seconds + 600 })}.`
      const cluster = await connect('OAUTH', {
        ...tls(),
        SASL_MECHANISM: 'OAUTHBEARER',
        SASL_TOKEN_FILE: file('token', token),
      })
      expect(cluster.cluster_id).not.toBe('')
      await cluster.close()
    })

    it('a certificate names the user', async () => {
      const cluster = await connect('MUTUAL', {
        ...tls(),
        TLS_CERT_FILE: certificates.client_cert_file,
        TLS_KEY_FILE: certificates.client_key_file,
      })
      expect(await describeAcls(cluster, { principal: 'User:nobody' })).toEqual([])
      await cluster.close()
    })

    it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])(
      '%s with another password is KAFKA_AUTH',
      async (mechanism) => {
        const error = connect('SECURE', alice(mechanism, 'wrong'))
        expect(await failure(error)).toBe('KAFKA_AUTH 4')
      },
    )

    it('a token that is none is KAFKA_AUTH', async () => {
      const token = file('token', SECRET)
      const error = connect('OAUTH', { ...tls(), SASL_MECHANISM: 'OAUTHBEARER', SASL_TOKEN_FILE: token })
      expect(await failure(error)).toBe('KAFKA_AUTH 4')
    })

    it('a mechanism that the listener does not offer is KAFKA_AUTH', async () => {
      expect(await failure(connect('OAUTH', alice('SCRAM-SHA-256')))).toBe('KAFKA_AUTH 4')
    })

    it('a listener that wants SASL from one without is KAFKA_AUTH', async () => {
      expect(await failure(connect('NAMED', {}))).toBe('KAFKA_AUTH 4')
      expect(await failure(connect('SECURE', tls()))).toBe('KAFKA_AUTH 4')
    })

    it('SASL to a listener without is KAFKA_AUTH', async () => {
      const { TLS_CA_FILE: _, ...plain } = alice('PLAIN')
      expect(await failure(connect('PLAINTEXT', plain, 500))).toBe('KAFKA_AUTH 4')
    })

    it('clear text to a TLS listener is KAFKA_TLS', async () => {
      expect(await failure(connect('MUTUAL', {}, 500))).toBe('KAFKA_TLS 4')
    })

    it('TLS to a listener in clear is KAFKA_TLS', async () => {
      expect(await failure(connect('PLAINTEXT', tls(), 500))).toBe('KAFKA_TLS 4')
    })

    it('a broker whose certificate nobody vouches for is KAFKA_TLS', async () => {
      const error = connect('SECURE', { ...alice('PLAIN'), TLS_CA_FILE: certificates.other_ca_file })
      expect(await failure(error)).toBe('KAFKA_TLS 4')
    })

    it('a broker whose certificate bears another name is KAFKA_TLS', async () => {
      const error = connect('SECURE', { ...alice('PLAIN'), TLS_SERVER_NAME: 'elsewhere.example' })
      expect(await failure(error)).toBe('KAFKA_TLS 4')
    })

    it('no certificate where one is wanted is KAFKA_TLS', async () => {
      expect(await failure(connect('MUTUAL', tls(), 500))).toBe('KAFKA_TLS 4')
    })

    it('sessions that end are renewed between requests', async () => {
      const { TLS_CA_FILE: _, ...plain } = alice('PLAIN')
      const cluster = await connect('BRIEF', plain)
      const until = performance.now() + 2_500
      // The session's end is the broker's clock: requests go on past it, several at a time, and none may fail.
      while (performance.now() < until) {
        await Promise.all([1, 2, 3].map(() => cluster.metadata([], { retry: false })))
      }
      await cluster.close()
    })

    it('what is not allowed is KAFKA_DENIED with the missing right, until it is granted', async () => {
      const admin = await connect('PLAINTEXT', {})
      const user = await connect('SECURE', alice('SCRAM-SHA-256'))
      const topic = `denied-${client}`
      const id = `denied-${client}`
      await createTopics(admin, [{ topic, partitions: 1, replication: -1, config: {} }])
      const read = () => listOffsets(user, [{ topic, partition: 0 }], 'latest')
      const init = () =>
        user.request({ coordinator: 'transaction', key: id }, initProducerId, {
          transactional_id: id,
          transaction_timeout_ms: 10_000,
          producer_id: -1,
          producer_epoch: -1,
        })
      await expect(read()).rejects.toMatchObject({
        code: 'KAFKA_DENIED',
        exit_code: 4,
        hint: `grant Describe: kafka-acls --add --allow-principal User:NAME --operation Describe --topic ${topic}`,
      })
      await expect(init()).rejects.toMatchObject({
        code: 'KAFKA_DENIED',
        hint: expect.stringContaining(`--transactional-id ${id}`),
      })
      await expect(
        createTopics(user, [{ topic: 'new', partitions: 1, replication: -1, config: {} }]),
      ).rejects.toMatchObject({ code: 'KAFKA_DENIED', hint: expect.stringContaining('--operation Create --topic new') })
      const rule = { principal: 'User:alice', host: '*', permission: 'allow', pattern: 'literal' } as const
      const acls = [
        { ...rule, resource: 'topic', name: topic, operation: 'Describe' },
        { ...rule, resource: 'transactional-id', name: id, operation: 'Write' },
      ] as const
      await createAcls(admin, acls)
      await expect.poll(() => describeAcls(admin, { principal: 'User:alice', name: topic }), PATIENCE).toHaveLength(2)
      await expect
        .poll(() => read().catch((error) => error.code), PATIENCE)
        .toMatchObject([{ topic, partition: 0, offset: 0 }])
      await expect
        .poll(
          () =>
            init().then(
              (output) => output.error_code,
              (error) => error.code,
            ),
          PATIENCE,
        )
        .toBe(0)
      expect(await deleteAcls(admin, [{ principal: 'User:alice', name: topic }])).toHaveLength(2)
      await Promise.all([admin.close(), user.close()])
    })
  })
})
