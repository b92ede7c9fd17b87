import { describe, expect, it } from 'vitest'
import { Buckets, expose } from '../../cli/exposition.ts'
import { METRICS } from '../../cli/metric-list.ts'

/** The text that Prometheus reads, to the letter. */
describe('metrics as text', () => {
  it('stand by family, in the order of the list, whatever order they came in', () => {
    const text = expose([
      { name: 'aitrader_lanes', labels: {}, value: 2 },
      { name: 'aitrader_records_total', labels: { lane: 'a', topic: 't.v1' }, value: 7 },
      { name: 'aitrader_records_total', labels: { lane: 'b', topic: 't.v1' }, value: 1.5 },
    ])
    expect(text).toBe(
      [
        '# HELP aitrader_records_total Records written.',
        '# TYPE aitrader_records_total counter',
        'aitrader_records_total{lane="a",topic="t.v1"} 7',
        'aitrader_records_total{lane="b",topic="t.v1"} 1.5',
        '# HELP aitrader_lanes Lanes that this process runs.',
        '# TYPE aitrader_lanes gauge',
        'aitrader_lanes 2',
        '',
      ].join('\n'),
    )
  })

  it('escape what a label may hold', () => {
    const labels = { lane: 'a"b\\c\nd' }
    expect(expose([{ name: 'aitrader_pending_records', labels, value: 0 }])).toContain('{lane="a\\"b\\\\c\\nd"} 0\n')
  })

  it('of one name and the same labels are added up', () => {
    const one = { name: 'aitrader_lag_records', labels: { lane: 'a', topic: 't' }, value: 3 } as const
    const [commits, others] = [new Buckets([1]), new Buckets([1])]
    commits.observe(1)
    others.observe(2)
    const text = expose([
      one,
      { ...one, value: 4 },
      { name: 'aitrader_commit_seconds', labels: { lane: 'a' }, value: commits.distribution },
      { name: 'aitrader_commit_seconds', labels: { lane: 'a' }, value: others.distribution },
    ])
    expect(text).toContain('aitrader_lag_records{lane="a",topic="t"} 7\n')
    expect(text).toContain('aitrader_commit_seconds_bucket{lane="a",le="1"} 1\n')
    expect(text).toContain('aitrader_commit_seconds_bucket{lane="a",le="+Inf"} 2\n')
  })

  it('of a distribution are cumulative, a value on a bound within it', () => {
    const commits = new Buckets([0.5, 1])
    for (const value of [0.25, 0.5, 0.75, 8]) commits.observe(value)
    const text = expose([{ name: 'aitrader_commit_seconds', labels: { lane: 'a' }, value: commits.distribution }])
    expect(text.split('\n').slice(2)).toEqual([
      'aitrader_commit_seconds_bucket{lane="a",le="0.5"} 2',
      'aitrader_commit_seconds_bucket{lane="a",le="1"} 3',
      'aitrader_commit_seconds_bucket{lane="a",le="+Inf"} 4',
      'aitrader_commit_seconds_sum{lane="a"} 9.5',
      'aitrader_commit_seconds_count{lane="a"} 4',
      '',
    ])
  })

  it('have names that Prometheus takes, with the unit last', () => {
    for (const [name, { type }] of Object.entries(METRICS)) {
      expect(name).toMatch(/^aitrader_[a-z_]+$/)
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter'])
    }
  })
})
