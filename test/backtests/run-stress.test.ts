import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { BacktestConfigInput } from '../../backtests/config/schema.ts'
import type { LendingResult, LendingRun } from '../../backtests/result.ts'
import { runBacktest } from '../../backtests/run/run-backtest.ts'
import { csv, DATA_FROM, folderWith, MARKET, PERIOD, smallConfig, walk } from './run-inputs.ts'

const HOUR = 3_600
const DAY = 24 * HOUR
/** When the data that crash begin to. */
const NOON = DATA_FROM + 19 * DAY + 12 * HOUR
const AT = '2023-01-20T12:00Z'
const FILES = {
  'calm.csv': csv(walk({ fall: 0 })),
  'crash.csv': csv(walk({})),
  'silent.csv': csv(walk({ volume: 0 })),
  // Doubles while the others crash.
  'euro.csv': csv(walk({ seed: 3, price: 1, fall: -1 })),
}

type Lending = NonNullable<BacktestConfigInput['lending']>
type Stress = NonNullable<Lending['periods'][number]['stress']>[number]

async function lent(path: keyof typeof FILES, lending: Partial<Lending>, files: Readonly<Record<string, string>> = {}) {
  const folder = folderWith({ ...FILES, ...files })
  const data = { files: { MINE: { path }, EURO: { path: 'euro.csv' } } }
  const { result } = await runBacktest(smallConfig(lending, data), { folder, out: join(folder, 'out'), jobs: 1 })
  if (result.lending === undefined) throw new Error('no lending')
  return result.lending
}

/** One period for each list of stresses, in its order. */
async function under(path: keyof typeof FILES, lists: readonly (readonly Stress[])[], lending: Partial<Lending> = {}) {
  const periods = lists.map((stress, index) => ({ ...PERIOD, id: `p${index}`, stress: [...stress] }))
  const found = await lent(path, { periods, ...lending })
  return { found, runs: lists.map((_, index) => only(found, `p${index}`)) }
}

function only({ runs }: LendingResult, period: string): LendingRun {
  const [run, ...others] = runs.filter((each) => each.period === period)
  if (run === undefined || others.length > 0) throw new Error(`not one run of ${period}`)
  return run
}

const gap = (fall: number): Stress => ({ kind: 'gap', at: AT, fall })
const EWMA = [{ kind: 'ewma' as const, moveCaps: false }]

describe('stress on top of what was', () => {
  test('a gap leaves bad debt where there was none, and more the deeper it is', async () => {
    const { runs } = await under('calm.csv', [[], [gap(0.25)], [gap(0.6)]])
    expect(runs.map(({ badDebtUsd, liquidations }) => [badDebtUsd > 0, liquidations > 0])).toEqual([
      [false, false],
      [true, true],
      [true, true],
    ])
    expect(runs[2]?.badDebtUsd).toBeGreaterThan(100 * (runs[1]?.badDebtUsd ?? 0))
    // The price is down from then on.
    expect((runs[2]?.demandUsd ?? 0) / (runs[0]?.demandUsd ?? 1)).toBeCloseTo(1 - 0.6 * (6.5 / 14), 1)
  })

  test('a gap that comes back within hours is liquidated at its bottom all the same', async () => {
    const back: Stress = { kind: 'gap', at: AT, fall: 0.35, recover: 1, recoverHours: 2 }
    const { runs } = await under('calm.csv', [[], [gap(0.35)], [back]])
    expect(runs[2]?.badDebtUsd).toBeLessThan(runs[1]?.badDebtUsd ?? 0)
    expect(runs[2]?.badDebtUsd).toBeGreaterThan(0.9 * (runs[1]?.badDebtUsd ?? Number.POSITIVE_INFINITY))
    expect((runs[2]?.demandUsd ?? 0) / (runs[0]?.demandUsd ?? 1)).toBeCloseTo(1, 2)
  })

  test('a book that is gone keeps liquidators from selling', async () => {
    const { runs } = await under('calm.csv', [
      [gap(0.25)],
      [gap(0.25), { kind: 'depth-collapse', at: AT, hours: 24, factor: 0.02 }],
    ])
    expect(runs[1]?.liquidatedUsd).toBeLessThan(0.5 * (runs[0]?.liquidatedUsd ?? 0))
    expect(runs[1]?.badDebtUsd).toBeGreaterThan(runs[0]?.badDebtUsd ?? Number.POSITIVE_INFINITY)
  })

  test('a push of the oracle down liquidates at a price that stayed, and one up does not', async () => {
    const push = (move: number): Stress => ({ kind: 'oracle-manipulation', at: AT, minutes: 30, move })
    const { runs, found } = await under('calm.csv', [[], [push(-0.3)], [push(0.3)]])
    const [calm, down, up] = runs
    expect(calm?.liquidations).toBe(0)
    expect(down?.liquidations).toBeGreaterThan(10)
    expect(up?.liquidations).toBe(0)
    expect(down?.demandUsd).toBe(calm?.demandUsd)
    const course = found.courses.find(({ period, asset }) => period === 'p1' && asset === 'MINE')
    const early = (course?.liquidatedUsd ?? []).filter((_, step) => (course?.time[step] ?? 0) <= NOON)
    expect(early.every((usd) => usd === 0)).toBe(true)
  })

  test('an outage leaves parameters as they were, and the oracle', async () => {
    const outage: Stress = { kind: 'venue-outage', at: AT, hours: 6 }
    const { found } = await under('crash.csv', [[], [outage]], { policies: EWMA })
    // A record of before may be acted on in the first hour.
    const isDuring = ({ time }: { readonly time: number }): boolean => time > NOON + HOUR && time <= NOON + 6 * HOUR
    const during = (period: string): number =>
      found.changes.filter((each) => each.period === period && isDuring(each)).length
    expect([during('p0') > 5, during('p1')]).toEqual([true, 0])
    const published = (await under('crash.csv', [[], [outage]])).runs
    // What nobody sees falling is liquidated too late.
    expect(published[1]?.badDebtUsd).toBeGreaterThan(published[0]?.badDebtUsd ?? Number.POSITIVE_INFINITY)
  })

  test('at a time that is not run is refused by its place', async () => {
    const late = { ...gap(0.3), at: '2023-01-27T00:00Z' }
    await expect(under('calm.csv', [[], [gap(0.3), late]])).rejects.toThrow(
      /^lending\.periods\.1\.stress\.1\.at is 2023-01-27T00:00; the period runs from 2023-01-11T00:00, .* to 2023-01-27T00:00/,
    )
    await expect(under('calm.csv', [[{ ...gap(0.3), at: '2023-01-10T23:00Z' }]])).rejects.toThrow(
      /periods\.0\.stress\.0\.at/,
    )
  })
})

describe('a committee with liars', () => {
  const lied = async (liars: number, lie: 'calm' | 'panic', noiseBps = 0): Promise<LendingRun> =>
    only(await lent('crash.csv', { policies: EWMA, oracle: { nodes: 4, liars, lie, noiseBps } }), 'january')

  test('of at most f says what honest ones say', async () => {
    const honest = await lied(0, 'calm')
    expect(honest.changes).toBeGreaterThan(100)
    for (const lie of ['calm', 'panic'] as const) expect(await lied(1, lie)).toEqual(honest)
    const [noisy, twisted] = [await lied(0, 'calm', 20), await lied(1, 'calm', 20)]
    expect(noisy).not.toEqual(honest)
    expect(Math.abs(twisted.capacityUsd / noisy.capacityUsd - 1)).toBeLessThan(0.01)
  })

  test('of more loosens where they say that all is well, and closes the market where they say that all is lost', async () => {
    const honest = await lied(0, 'calm')
    const [calm, panic] = [await lied(3, 'calm'), await lied(3, 'panic')]
    expect(calm.efficiency).toBeGreaterThan(1.1 * honest.efficiency)
    expect(panic.efficiency).toBeLessThan(0.6 * honest.efficiency)
    // As if it had been lied to at the first round already, and held there by the steward's bounds.
    expect([calm.changes, panic.changes]).toEqual([0, 0])
  })
})

describe('the market that is lent in', () => {
  const market = (more: object): Partial<Lending> => ({ markets: { MINE: { ...MARKET, ...more } } })

  test('may begin with positions from a file', async () => {
    const positions = 'account,collateral,debt\na,10,7000\nb,20,4000\nc,5,0\n'
    const found = await lent('crash.csv', market({ positions: 'p.csv' }), { 'p.csv': positions })
    const course = found.courses.find(({ asset }) => asset === 'MINE')
    // The first has borrowed nearly all that it may and is liquidated; the other two are sound throughout.
    expect(course?.debtUsd[0]).toBeCloseTo(11_000, -2)
    expect(only(found, 'january').liquidations).toBeGreaterThan(0)
    const [first] = course?.priceUsd ?? []
    expect((course?.capacityUsd[0] ?? 0) / (35 * 0.75)).toBeCloseTo(first ?? 0, 0)
    const sound = await lent('crash.csv', market({ positions: 'p.csv' }), {
      'p.csv': 'account,collateral,debt\nb,20,4000\n',
    })
    expect(only(sound, 'january').liquidations).toBe(0)
    await expect(
      lent('crash.csv', market({ positions: 'p.csv' }), { 'p.csv': 'account,collateral,debt\nb,20,-1\n' }),
    ).rejects.toThrow(/p\.csv, line 2, column debt: "-1" is no amount/)
  })

  test('may owe a token that has a price of its own', async () => {
    const same = only(await lent('crash.csv', market({ debt: 'MINE' })), 'january')
    // Collateral and debt fall together.
    expect([same.liquidations, same.badDebtUsd]).toEqual([0, 0])
    const calm = only(await lent('calm.csv', {}), 'january')
    const dear = only(await lent('calm.csv', market({ debt: 'EURO' })), 'january')
    expect([calm.liquidations, calm.badDebtUsd]).toEqual([0, 0])
    expect(dear.badDebtUsd).toBeGreaterThan(0.05 * dear.debtUsd)
  })

  test('is as large as asked for: a multiple of a depth, or USD, by the asset before the defaults', async () => {
    const demandOf = async (more: object, lending: Partial<Lending> = {}): Promise<number> => {
      const found = await lent('calm.csv', { ...market(more), ...lending, warmUpDays: 0 })
      const price = walk({ fall: 0 })[12 * 24]?.[1] ?? Number.NaN
      // By the price at the start.
      return (only(found, 'january').demandUsd / meanPrice(found)) * price
    }
    const meanPrice = ({ courses }: LendingResult): number => {
      const prices = courses.find(({ asset }) => asset !== undefined)?.priceUsd ?? []
      return prices.reduce((sum, each) => sum + each, 0) / prices.length
    }
    const close = (demand: number, expected: number): void => expect(Math.abs(demand / expected - 1)).toBeLessThan(0.01)
    // Ten times what a bonus of 5 % can take, where 2 % takes a million.
    close(await demandOf({ depthUsd: 1e6 }), 25e6)
    close(await demandOf({ depthUsd: 1e6, demandOverLiquidity: 2 }), 5e6)
    close(await demandOf({ demandUsd: 2e6 }), 2e6)
    close(await demandOf({ depthUsd: 1e6, demandOverLiquidity: 2 }, { defaults: { demandUsd: 1e6 } }), 5e6)
    close(await demandOf({ depthUsd: 1e6 }, { defaults: { demandUsd: 3e6 } }), 3e6)
  })

  test('without volumes needs a depth', async () => {
    await expect(lent('silent.csv', {})).rejects.toThrow(
      'the data of MINE have no volume to tell its depth by; give lending.markets.MINE.depthUsd',
    )
    const found = only(await lent('silent.csv', { ...market({ depthUsd: 1e6 }), policies: EWMA }), 'january')
    expect(found.liquidations).toBeGreaterThan(0)
    expect(found.changes).toBeGreaterThan(10)
  })
})
