import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fileCalibrations } from '../../oracle-node/app/calibrations.ts'
import { FEATURE_COUNT, FEATURE_SPEC_HASH } from '../../oracle-node/core/feature-spec.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const HOUR = 3_600
/** A midnight, UTC. */
const START = 20_000 * 24 * HOUR
const prediction = { volatility: 0.6, valueAtRisk99: 0.1, expectedShortfall99: 0.14 }
const features = (lastReturn: number) => ({
  specHash: FEATURE_SPEC_HASH,
  values: new Array<number>(FEATURE_COUNT).fill(0).with(FEATURE_COUNT - 1, lastReturn),
})

function open(path: string, modelSet = '0xaa') {
  const telemetry = memoryTelemetry()
  return { calibrations: fileCalibrations(path, modelSet, telemetry), telemetry }
}

/** A day after which WETH is stretched, on the disk. */
async function followed(path: string): Promise<number> {
  const { calibrations } = open(path)
  calibrations.follow('WETH', { features: features(0), end: START }, prediction)
  calibrations.follow('WETH', { features: features(-0.5), end: START + 24 * HOUR }, prediction)
  await calibrations.settled()
  return calibrations.of('WETH').lnMultiplier
}

test('a node goes on where it stopped', async () => {
  const path = join(temporaryFolder(), 'calibration.json')
  const before = await followed(path)
  expect(before).toBeGreaterThan(0)
  const { calibrations, telemetry } = open(path)
  expect(calibrations.of('WETH').lnMultiplier).toBe(before)
  expect(calibrations.of('WETH').pending?.madeAt).toBe(START + 24 * HOUR)
  expect(calibrations.of('USDC').lnMultiplier).toBe(0)
  expect(telemetry.lines).toEqual([])
  expect(telemetry.gauges.get('plimsoll_calibration_ln_multiplier')).toBe(before)
})

test('a file that is there and cannot be read stops the start: it must not be overwritten', () => {
  const folder = temporaryFolder()
  // A folder in its place cannot be read as a file, by root either.
  mkdirSync(join(folder, 'calibration.json'))
  expect(() => open(join(folder, 'calibration.json'))).toThrow(/can't read the calibration .*permissions/)
})

test('of more assets than a node may watch the oldest are forgotten, and the file can be read again', async () => {
  const path = join(temporaryFolder(), 'calibration.json')
  const { calibrations } = open(path)
  for (let asset = 0; asset < 70; asset++) {
    calibrations.follow(`A${asset}`, { features: features(0), end: START }, prediction)
  }
  await calibrations.settled()
  const again = open(path)
  expect(again.telemetry.lines).toEqual([])
  expect(again.calibrations.of('A5').pending).toBeUndefined()
  expect(again.calibrations.of('A69').pending?.madeAt).toBe(START)
})

test('within a day nothing is written', async () => {
  const path = join(temporaryFolder(), 'calibration.json')
  await followed(path)
  const content = readFileSync(path, 'utf8')
  writeFileSync(path, 'untouched')
  const { calibrations } = open(join(temporaryFolder(), 'none.json'))
  calibrations.follow('WETH', { features: features(0), end: START }, prediction)
  calibrations.follow('WETH', { features: features(-0.5), end: START + HOUR }, prediction)
  await calibrations.settled()
  expect(calibrations.of('WETH').lnMultiplier).toBe(0)
  expect(readFileSync(path, 'utf8')).toBe('untouched')
  expect(JSON.parse(content)).toMatchObject({ version: 1, modelSet: '0xaa' })
})

describe('a file that cannot be used starts every asset anew, and the log says why', () => {
  test.each([
    ['no JSON', '{"version":', /./],
    ['another version', '{"version":2,"modelSet":"0xaa","assets":{}}', /version/],
    ['a stretch out of bounds', '{"version":1,"modelSet":"0xaa","assets":{"WETH":{"lnMultiplier":3}}}', /lnMultiplier/],
    ['an infinite one', '{"version":1,"modelSet":"0xaa","assets":{"WETH":{"lnMultiplier":1e999}}}', /lnMultiplier/],
    [
      'a forecast of no full hour',
      '{"version":1,"modelSet":"0xaa","assets":{"WETH":{"lnMultiplier":0,"pending":{"madeAt":7,"valueAtRisk99":0.1}}}}',
      /madeAt/,
    ],
    ['other models', '{"version":1,"modelSet":"0xbb","assets":{"WETH":{"lnMultiplier":0.3}}}', /0xbb/],
  ])('%s', (_, content, detail) => {
    const path = join(temporaryFolder(), 'calibration.json')
    writeFileSync(path, content)
    const { calibrations, telemetry } = open(path)
    expect(calibrations.of('WETH').lnMultiplier).toBe(0)
    expect(telemetry.lines).toMatchObject([
      { event: 'calibration-started-anew', fields: { detail: detail && expect.stringMatching(detail) } },
    ])
  })
})

test('a folder that takes no file costs a warning, not the round', async () => {
  const path = join(temporaryFolder(), 'absent', 'calibration.json')
  const { calibrations, telemetry } = open(path)
  calibrations.follow('WETH', { features: features(0), end: START }, prediction)
  await calibrations.settled()
  expect(existsSync(path)).toBe(false)
  expect(telemetry.lines).toMatchObject([{ event: 'calibration-not-written' }])
})
