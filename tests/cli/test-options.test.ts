import { describe, expect, it } from 'vitest'
import { openGround, targetOf } from '../../cli/test/grounds.ts'

describe('where topology tests run', () => {
  it('takes addresses from the options before the environment', () => {
    const environment = { KAFKA_BOOTSTRAP: 'k:1', REGISTRY_URL: 'http://r' }
    expect(targetOf({}, environment)).toEqual({ kafka: 'k:1', registry: 'http://r' })
    expect(targetOf({ kafka: 'a:2' }, environment)).toEqual({ kafka: 'a:2', registry: 'http://r' })
    expect(targetOf({ registry: 'http://b' }, environment)).toEqual({ kafka: 'k:1', registry: 'http://b' })
  })

  it.each([
    [{}, {}, '--on kafka needs a broker'],
    [{ registry: 'http://r' }, { KAFKA_BOOTSTRAP: '' }, '--on kafka needs a broker'],
    [{ kafka: 'k:1' }, {}, '--on kafka needs a schema registry'],
  ])('says which address is missing, %#', (options, environment, message) => {
    expect(() => targetOf(options, environment)).toThrowError(
      expect.objectContaining({ message, exit_code: 2, hint: expect.stringContaining('KAFKA_BOOTSTRAP') }),
    )
  })

  it.each([
    [{ on: 'embedded', faults: '1' }, '--faults does not go with --on embedded'],
    [{ on: 'kafka', faults: '1' }, '--faults does not go with --on kafka'],
    [{ on: 'simulated', kafka: 'k:1' }, '--kafka does not go with --on simulated'],
    [{ on: 'embedded', registry: 'http://r' }, '--registry does not go with --on embedded'],
    [{ on: 'simulated', faults: 'x' }, '--faults "x" is not a whole number in range'],
  ] as const)('refuses what does not go together, %#', async (options, message) => {
    await expect(openGround(options, [], new AbortController().signal)).rejects.toMatchObject({ message, exit_code: 2 })
  })
})
