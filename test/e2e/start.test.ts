import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { recordings, runStart } from './run-devnet.ts'

type Summary = {
  rounds: number
  nodes: number
  faulty: number
  reports: Array<{
    round: number
    digest: string
    observers: number[]
    gas: number
    records: Array<Record<string, unknown>>
  }>
  parameterChanges: Array<{ asset: string; parameter: string; from: number; to: number; tx: string }>
  aaveParameters: Record<string, Record<string, number>>
  missed: unknown[]
  input: { source: string; files: Array<{ name: string; sha256: string }>; sha256: string }
}

beforeAll(() => {
  recordings()
})

function summaryIn(stdout: string): Summary {
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}

test('five rounds end with one JSON object: reports of three observers or more, and Aave’s parameters moved', async () => {
  const { code, stdout, stderr } = await runStart(['--rounds', '5', '--json'])
  expect(stderr).toContain('round 5')
  expect(code).toBe(0)
  const summary = summaryIn(stdout)
  expect(summary).toMatchObject({ rounds: 5, nodes: 4, faulty: 1, missed: [], input: { source: 'recorded' } })
  expect(summary.input.sha256).toMatch(/^[0-9a-f]{64}$/)
  expect(summary.input.files.map(({ name }) => name)).toContain(
    'ohlcv/binance_spot_1h/binance_ETHUSDT_1h_20210404_20231230.csv.gz',
  )
  expect(summary.reports.map(({ round }) => round)).toEqual([1, 2, 3, 4, 5])
  for (const { observers, gas, records } of summary.reports) {
    expect(observers.length).toBeGreaterThanOrEqual(3)
    expect(gas).toBeGreaterThan(30_000)
    expect(records.map(({ asset }) => asset).sort()).toEqual(['USDC', 'WBTC', 'WETH'])
    for (const record of records) {
      expect(record['volatilityBps']).toBeGreaterThan(0)
      expect(record['expectedShortfall99Bps']).toBeGreaterThan(0)
      expect(record['depthUsd']).toBeGreaterThan(0)
      expect(record['priceE8']).toBeGreaterThan(0)
    }
  }
  expect(summary.parameterChanges.length).toBeGreaterThan(0)
  // What Aave itself says after the last round is what the steward's last event of each parameter says.
  for (const [asset, parameters] of Object.entries(summary.aaveParameters)) {
    for (const parameter of ['ltv', 'liquidationThreshold', 'supplyCap', 'borrowCap']) {
      const last = summary.parameterChanges.findLast(
        (change) => change.asset === asset && change.parameter === parameter,
      )
      if (last !== undefined) expect(parameters[parameter], `${asset} ${parameter}`).toBe(last.to)
    }
  }

  const again = summaryIn((await runStart(['--rounds', '5', '--json'])).stdout)
  const signed = (each: Summary) => each.reports.map(({ digest, records }) => ({ digest, records }))
  expect(signed(again), 'the same data give the same reports to the byte').toEqual(signed(summary))
})

test('with a node killed in the midst of round 3 there are still six reports', async () => {
  const { code, stdout } = await runStart(['--rounds', '6', '--kill', '2@3', '--json'])
  expect(code).toBe(0)
  const summary = summaryIn(stdout)
  expect(summary.reports.map(({ round }) => round)).toEqual([1, 2, 3, 4, 5, 6])
  expect(summary.reports[5]?.observers).toEqual([1, 3, 4])
})

test('Ctrl-C ends the program and every process that it started', async () => {
  const script = fileURLToPath(new URL('../../oracle-node/devnet/start.ts', import.meta.url))
  const child = spawn(process.execPath, [script, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  await new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      if (printed.includes('round 1')) resolve()
    })
  })
  const page = /Status page: (\S+)/.exec(printed)?.[1] ?? ''
  const state = (await (await fetch(`${page}/v1/network`)).json()) as {
    rpcUrl: string
    nodes: Array<{ statusUrl: string }>
  }
  const doors = [page, state.rpcUrl, ...state.nodes.map(({ statusUrl }) => statusUrl)]
  expect(doors.length).toBe(6)
  for (const door of doors) await fetch(door)
  child.kill('SIGINT')
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  expect(code).toBe(0)
  for (const door of doors) await expect(fetch(door), `${door} still answers`).rejects.toThrow()
})

test.for([
  { args: ['--rounds', 'many'], says: 'whole number' },
  { args: ['--kill', '2'], says: 'NODE@ROUND' },
  { args: ['--kill', '9@1', '--rounds', '2'], says: 'nodes are 1 to 4' },
  { args: ['--step', 'soon'], says: '15m' },
  { args: ['--from', '2019-01-01T00:00Z'], says: '2023-03-0' },
  { args: ['--data', '/nowhere'], says: 'no such folder' },
  { args: ['--live', '--speed', '3'], says: 'does not go with --speed' },
  { args: ['--fault', 'kraken:flood@1'], says: 'off-by-10' },
])('$args is refused with what to do instead', async ({ args, says }) => {
  const { code, stderr } = await runStart(args)
  expect(code).toBe(1)
  expect(stderr).toContain(says)
  expect(stderr).not.toContain('    at ')
})
