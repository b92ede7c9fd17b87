/** Both libraries' connections, held to one behaviour against a server that behaves and one that does not. */
import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Wire, WireOptions } from '../../../connectors/kafka/wire.ts'
import { openWire, WIRE_CLIENTS } from '../../../connectors/kafka/wires.ts'
import { type Answerer, type FakeBroker, fakeBroker, framed } from './fake-broker.ts'

const METADATA = 3
const BODY = Buffer.from('question')
const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

describe.each(WIRE_CLIENTS)('the wire over %s', (client) => {
  async function open(broker: FakeBroker | number, options: Partial<WireOptions> = {}): Promise<Wire> {
    const address = typeof broker === 'number' ? { host: '127.0.0.1', port: broker } : broker.address
    const wire = await openWire(client, { bootstrap: [address], connect_timeout_ms: 2_000, ...options })
    cleanups.push(() => wire.close())
    return wire
  }

  async function serve(answer: Answerer, options: { versions?: boolean } = {}): Promise<FakeBroker> {
    const broker = await fakeBroker(answer, options)
    cleanups.push(() => broker.close())
    return broker
  }

  const code = (sent: Promise<unknown>) =>
    sent.then(
      () => 'answered',
      (error) => `${error.name} ${error.code}`,
    )

  it('sends a body and answers the body, its header aside', async () => {
    const broker = await serve(({ body }) => Buffer.concat([Buffer.from('answer to '), body]))
    const wire = await open(broker, { client_id: 'somebody' })
    expect((await wire.request('any', METADATA, 7, BODY)).toString()).toBe('answer to question')
    expect(broker.asked.map(({ api_key, api_version, client_id }) => [api_key, api_version, client_id])).toEqual([
      [METADATA, 7, 'somebody'],
    ])
  })

  it('adds and takes off the empty tags in the headers of a flexible version', async () => {
    const broker = await serve(({ body }) => Buffer.concat([Buffer.from([1, 5, 2, 0xaa, 0xbb]), body]))
    const wire = await open(broker)
    const answer = await wire.request('any', METADATA, 12, BODY, { flexible: true })
    expect(answer.toString()).toBe('\0question')
    expect(broker.asked[0]?.body.toString()).toBe('\0question')
  })

  it('matches answers that come in another order and in single bytes', async () => {
    const broker = await serve(({ body, socket, correlation_id }) => {
      if (body.toString() === 'first') return undefined
      const [first] = broker.asked
      for (const byte of framed(correlation_id, Buffer.from('two'))) socket.write(Buffer.from([byte]))
      socket.write(framed(first!.correlation_id, Buffer.from('one')))
      return undefined
    })
    const wire = await open(broker)
    const answers = await Promise.all(
      ['first', 'second'].map((text) => wire.request('any', METADATA, 7, Buffer.from(text))),
    )
    expect(answers.map(String)).toEqual(['one', 'two'])
    expect(broker.connections()).toBe(1)
  })

  it('carries a body and an answer of megabytes', async () => {
    const broker = await serve(({ body }) => Buffer.from(body))
    const wire = await open(broker)
    const large = Buffer.alloc(3_000_001, 'ab')
    expect(large.equals(await wire.request('any', METADATA, 7, large))).toBe(true)
  })

  it('keeps one connection per node and channel', async () => {
    const broker = await serve(() => BODY)
    const wire = await open(broker)
    wire.setNodes([{ node_id: 1, ...broker.address }])
    await Promise.all([1, 1, 'any' as const].map((node) => wire.request(node, METADATA, 7, BODY)))
    expect(broker.connections()).toBe(1)
    await wire.request(1, METADATA, 7, BODY, { channel: 'fetch' })
    expect(broker.connections()).toBe(2)
  })

  it('does not let an answer that is waited for hold up another channel', async () => {
    const broker = await serve(({ connection }) => (connection === 0 ? undefined : BODY))
    const wire = await open(broker)
    const waiting = code(wire.request('any', METADATA, 7, BODY))
    await broker.received(1)
    expect((await wire.request('any', METADATA, 7, BODY, { channel: 'other' })).toString()).toBe('question')
    await wire.close()
    expect(await waiting).toBe('AppError KAFKA_CLOSED')
  })

  it('asks the next broker when the first is not there', async () => {
    const gone = await serve(() => BODY)
    await gone.close()
    const broker = await serve(() => BODY)
    const wire = await open(broker, { bootstrap: [gone.address, broker.address] })
    expect((await wire.request('any', METADATA, 7, BODY)).toString()).toBe('question')
  })

  it('connects anew after the server ended the connection', async () => {
    const broker = await serve(({ connection, socket }) => {
      if (connection > 0) return BODY
      socket.end()
      return undefined
    })
    const wire = await open(broker)
    expect(await code(wire.request('any', METADATA, 7, BODY))).toBe('RetriableError KAFKA_DISCONNECTED')
    expect((await wire.request('any', METADATA, 7, BODY)).toString()).toBe('question')
  })

  it('says that nothing was sent where nobody listens', async () => {
    const gone = await serve(() => BODY)
    await gone.close()
    const wire = await open(gone)
    const error = await wire.request('any', METADATA, 7, BODY).catch((cause) => cause)
    expect([error.name, error.code]).toEqual(['RetriableError', 'KAFKA_UNREACHABLE'])
    expect(error.message).toBe(`connecting to 127.0.0.1:${gone.address.port}: ECONNREFUSED`)
  })

  it('refuses a version that the broker does not take, and does not send it', async () => {
    const broker = await serve(() => BODY)
    const wire = await open(broker)
    expect(await code(wire.request('any', METADATA, 21, BODY))).toBe('AppError KAFKA_VERSION')
    expect(await code(wire.request('any', 99, 0, BODY))).toBe('AppError KAFKA_VERSION')
    expect(broker.asked).toEqual([])
  })

  describe('from a server that misbehaves', () => {
    const raw =
      (hex: string): Answerer =>
      ({ socket }) => {
        socket.write(Buffer.from(hex, 'hex'))
        return undefined
      }

    it.each([
      ['a giant length', '7fffffff00000001'],
      ['a negative length', 'fffffff000000001'],
      ['a length too short for a header', '0000000200000000'],
      ['a web page', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n').toString('hex')],
    ])('%s ends the connection with KAFKA_PROTOCOL', async (_name, hex) => {
      const broker = await serve(raw(hex))
      const wire = await open(broker)
      expect(await code(wire.request('any', METADATA, 7, BODY))).toBe('RetriableError KAFKA_PROTOCOL')
      expect(broker.connections()).toBe(1)
    })

    it.each([
      ['a giant length', '7fffffff00000001', 'RetriableError KAFKA_PROTOCOL'],
      ['a TLS alert', '15030300020246', 'AppError KAFKA_TLS'],
      ['an answer that ends early', '0000000600000000ffff', 'RetriableError'],
    ])('%s in place of the first answer', async (_name, hex, expected) => {
      const broker = await serve(raw(hex), { versions: false })
      const wire = await open(broker)
      expect(await code(wire.request('any', METADATA, 7, BODY))).toContain(expected)
    })

    it('an answer to nothing that was asked never reaches a caller', async () => {
      const broker = await serve(({ socket, correlation_id }) => {
        socket.write(framed(correlation_id + 1_000, Buffer.from('not yours')))
        return undefined
      })
      const wire = await open(broker)
      expect(await code(wire.request('any', METADATA, 7, BODY, { timeout_ms: 100 }))).toMatch(
        /RetriableError KAFKA_(TIMEOUT|DISCONNECTED)/,
      )
    })

    it('silence ends in KAFKA_TIMEOUT, and the next request takes another connection', async () => {
      const broker = await serve(({ connection }) => (connection === 0 ? undefined : BODY))
      const wire = await open(broker)
      expect(await code(wire.request('any', METADATA, 7, BODY, { timeout_ms: 50 }))).toBe(
        'RetriableError KAFKA_TIMEOUT',
      )
      expect((await wire.request('any', METADATA, 7, BODY)).toString()).toBe('question')
    })

    it('half an answer and silence, too', async () => {
      const broker = await serve(({ socket, correlation_id }) => {
        socket.write(framed(correlation_id, BODY).subarray(0, 10))
        return undefined
      })
      const wire = await open(broker)
      expect(await code(wire.request('any', METADATA, 7, BODY, { timeout_ms: 50 }))).toBe(
        'RetriableError KAFKA_TIMEOUT',
      )
    })

    it('half an answer and the end of the connection', async () => {
      const broker = await serve(({ socket, correlation_id }) => {
        socket.end(framed(correlation_id, BODY).subarray(0, 10))
        return undefined
      })
      const wire = await open(broker)
      expect(await code(wire.request('any', METADATA, 7, BODY))).toBe('RetriableError KAFKA_DISCONNECTED')
    })

    it('a listener that takes connections and says nothing', async () => {
      const silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
      await new Promise((done) => silent.once('listening', done))
      cleanups.push(async () => void silent.close())
      const { port } = silent.address() as { port: number }
      const wire = await open(port, { connect_timeout_ms: 100 })
      expect(await code(wire.request('any', METADATA, 7, BODY))).toBe('RetriableError KAFKA_UNREACHABLE')
    })

    it('an endless stream of one announced answer is cut at the limit', async () => {
      let sent = 0
      const chunk = Buffer.alloc(64 * 1024)
      const broker = await serve(({ socket, correlation_id }) => {
        const head = Buffer.alloc(8)
        head.writeInt32BE(1_000_000_000, 0)
        head.writeInt32BE(correlation_id, 4)
        socket.write(head)
        const more = () => {
          while (!socket.destroyed && socket.write(chunk)) sent += chunk.length
        }
        socket.on('drain', more)
        more()
        return undefined
      })
      const wire = await open(broker, { max_answer_bytes: 1_000_000 })
      expect(await code(wire.request('any', METADATA, 7, BODY))).toBe('RetriableError KAFKA_PROTOCOL')
      expect(sent).toBeLessThan(100_000_000)
    })
  })

  it('rests without a timer once it has been answered', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    const broker = await serve(() => BODY)
    const wire = await open(broker)
    const before = timers()
    await wire.request('any', METADATA, 7, BODY)
    await wire.request('any', METADATA, 7, BODY)
    expect(timers()).toBe(before)
  })

  it('drops the connections of nodes that left, and refuses a node that it does not know', async () => {
    const [first, second] = [await serve(() => BODY), await serve(() => BODY)]
    const wire = await open(first)
    wire.setNodes([{ node_id: 7, ...second.address }])
    await wire.request(7, METADATA, 7, BODY)
    const ended = new Promise<void>((done) => second.asked[0]!.socket.once('close', () => done()))
    wire.setNodes([])
    await ended
    expect(await code(wire.request(7, METADATA, 7, BODY))).toBe('RetriableError KAFKA_UNREACHABLE')
  })

  it('closes while a request is under way, and stays closed', async () => {
    const broker = await serve(() => undefined)
    const wire = await open(broker)
    const waiting = code(wire.request('any', METADATA, 7, BODY))
    await broker.received(1)
    await wire.close()
    expect(await waiting).toBe('AppError KAFKA_CLOSED')
    expect(await code(wire.request('any', METADATA, 7, BODY))).toBe('AppError KAFKA_CLOSED')
  })
})
