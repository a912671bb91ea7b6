import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../../backtests/config/read-config.ts'
import type { BacktestResult } from '../../backtests/result.ts'
import { runBacktest } from '../../backtests/run/run-backtest.ts'
import { runCli } from '../cli/run-cli.ts'
import { hasSharedData, SHARED_DATA } from '../data/shared-data.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/* The examples of backtests/examples as they stand, on the recorded data. crises.yaml takes minutes; test/backtests/config.test.ts reads it. */

const EXAMPLES = fileURLToPath(new URL('../../backtests/examples/', import.meta.url))

// In this thread, so that what models learn from is made once.
async function ran(name: string): Promise<BacktestResult> {
  const { config, folder } = readConfig(join(EXAMPLES, name))
  return (await runBacktest(config, { folder, out: temporaryFolder(), jobs: 1 })).result
}

test('own-data.yaml needs nothing that is not in the repository', async () => {
  const { lending, provenance } = await ran('own-data.yaml')
  const bad = (policy: string) => lending?.runs.find((run) => run.policy === policy)?.badDebtUsd
  expect(bad('static')).toBeGreaterThan(0)
  expect(bad('ewma')).toBeGreaterThan(bad('static') ?? Number.POSITIVE_INFINITY)
  expect(provenance.data.map(({ name }) => name)).toEqual(['made-up-hours.csv.gz'])
  expect(provenance.models).toEqual([])
})

// These fit models over years first: half a minute on two free cores, and more beside other suites.
describe.skipIf(!hasSharedData())('the example', { timeout: 240_000 }, () => {
  test('own-policy.yaml sets a policy from a file beside the others', async () => {
    const { lending, provenance } = await ran('own-policy.yaml')
    expect(lending?.policies.map(({ id }) => id)).toEqual(['static', 'plimsoll', 'mine'])
    const runs = lending?.byAsset ?? []
    expect(new Set(runs.map(({ asset }) => asset))).toEqual(new Set(['ETH', 'LINK']))
    for (const { policy, knob, liquidatedUsd, changes } of runs) {
      expect(liquidatedUsd, `${policy} ${knob}`).toBeGreaterThan(1e6)
      expect(changes > 10, `${policy} ${knob}`).toBe(policy !== 'static')
    }
    const reasons = lending?.changes.filter(({ policy }) => policy === 'mine').map(({ reason }) => reason)
    expect(reasons?.[0]).toMatch(/^expected shortfall is \d+ bps$/)
    expect(provenance.models.map(({ id }) => id)).toEqual(['log-har fitted on 2022-04-27'])
    expect(provenance.data.length).toBeGreaterThan(1)
  })

  test('stress.yaml makes a quiet month worse, each way in its own', async () => {
    const { lending } = await ran('stress.yaml')
    expect(lending?.periods.map(({ id }) => id)).toEqual(['gap', 'thin-books', 'dark', 'pushed'])
    const of = (period: string) => lending?.runs.find((run) => run.period === period && run.policy === 'static')
    for (const id of ['gap', 'thin-books', 'dark', 'pushed']) expect(of(id)?.badDebtUsd, id).toBeGreaterThan(10_000)
    // Where few buy, less is liquidated; where only the oracle fell, collateral is worth what it was.
    expect(of('thin-books')?.liquidatedUsd).toBeLessThan(0.95 * (of('gap')?.liquidatedUsd ?? 0))
    expect(of('pushed')?.demandUsd).toBeGreaterThan(1.05 * (of('gap')?.demandUsd ?? Number.POSITIVE_INFINITY))
  })

  test('forecasts.yaml has every model’s figures for every asset and horizon', async () => {
    const out = temporaryFolder()
    const run = await runCli(['backtest', 'run', join(EXAMPLES, 'forecasts.yaml'), '--json', '--out', out], out)
    expect(run).toMatchObject({ code: 0, stderr: '' })
    const { forecast, files } = JSON.parse(run.stdout)
    expect(forecast.cells).toHaveLength(4 * 6 * 2)
    // Not one model, however simple, is far from its 1 %, but for the empirical quantile of all assets together.
    for (const { model, hits, days } of forecast.cells) {
      if (model !== 'historical') expect(hits / days, model).toBeLessThan(0.025)
    }
    expect(existsSync(files.report)).toBe(true)
  })

  test('in-a-script.ts prints its table, out of a frame of data', async () => {
    const out = temporaryFolder()
    const words = ['--disable-warning=ExperimentalWarning', join(EXAMPLES, 'in-a-script.ts'), SHARED_DATA, out]
    const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: out })
    expect(stdout).toMatch(/policy +│ knob +│ badDebtUsd +│ efficiency +│ changes/)
    for (const row of ['0 +│ static +│ 0 ', '1 +│ static +│ 500', '2 +│ ewma +│ 1 ', '3 +│ ewma +│ 2 '])
      expect(stdout).toMatch(new RegExp(row))
    const report = /report: (.*)/.exec(stdout)?.[1] ?? ''
    expect(report.startsWith(out) && existsSync(report)).toBe(true)
  })
})
