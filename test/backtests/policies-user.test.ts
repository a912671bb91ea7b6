import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { MarketSetup } from '../../backtests/lending/market.ts'
import { policyMaker } from '../../backtests/policies/make-policy.ts'
import type { PolicyView } from '../../backtests/policies/policy.ts'
import { loadUserPolicy } from '../../backtests/policies/user-policy.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
function fileOf(code: string, ending = 'ts'): string {
  files += 1
  const path = join(folder, `own-${files}.${ending}`)
  writeFileSync(path, code)
  return path
}

const SETUP: MarketSetup = {
  asset: 'ETH',
  ltvBps: 8_050,
  liquidationThresholdBps: 8_300,
  liquidationBonusBps: 500,
  liquidationProtocolFeeBps: 1_000,
  reserveFactorBps: 1_500,
  supplyCap: 0,
  borrowCap: 0,
}
const VIEW: PolicyView = {
  asset: 'ETH',
  now: 1_678_500_000,
  record: undefined,
  current: { ltvBps: 8_050, liquidationThresholdBps: 8_300, supplyCap: 0, borrowCap: 0 },
  oraclePriceUsd: 2_000,
  collateralUsd: 1e8,
  debtUsd: 5e7,
}

describe('a user’s policy', () => {
  test('in TypeScript decides by the view and the knob', async () => {
    const path = fileOf(`
      type View = { current: { ltvBps: number } }
      export const policy = ({ current }: View, knob: number) => ({ ...current, ltvBps: current.ltvBps - knob })
    `)
    const policy = (await policyMaker({ kind: 'function', path, id: 'mine' }))(SETUP, 50)
    expect(policy.id).toBe('mine')
    expect(policy.next(VIEW)).toEqual({ ...VIEW.current, ltvBps: 8_000 })
  })

  test('keeps state, one for each run', async () => {
    const path = fileOf(
      `export function createPolicy(setup, knob) {
        let hours = 0
        return ({ current }) => ({ ...current, ltvBps: setup.ltvBps - knob * ++hours })
      }`,
      'mjs',
    )
    const make = await policyMaker({ kind: 'function', path })
    const [a, b] = [make(SETUP, 10), make(SETUP, 100)]
    expect([a.next(VIEW), a.next(VIEW), b.next(VIEW)].map(({ ltvBps }) => ltvBps)).toEqual([8_040, 8_030, 7_950])
  })

  test.each<[string, string, RegExp]>([
    ['nothing', 'const policy = 1', /exports nothing; needed is: export function policy/],
    ['other names', 'export const policies = [], rule = 1', /exports policies, rule; needed is/],
    ['no function', 'export const policy = 3', /exports policy as the number 3; a function is needed/],
    ['no factory', 'export const createPolicy = {}', /exports createPolicy as an object; a function is needed/],
    ['both', 'export const policy = () => 1, createPolicy = () => policy', /exports both/],
    ['what fails', 'throw new Error("no key")', /cannot be run: no key/],
    ['what is no code', 'export const = ', /cannot be run: /],
  ])('that exports %s is refused, naming the file', async (_, code, message) => {
    const path = fileOf(code)
    const refused = loadUserPolicy(path)
    await expect(refused).rejects.toThrow(message)
    await expect(refused).rejects.toThrow(path)
  })

  test('that is missing is refused', async () => {
    await expect(policyMaker({ kind: 'function', path: 'no/such.ts' })).rejects.toThrow(/there is no file no\/such.ts/)
  })

  test.each<[string, string, RegExp]>([
    ['throws', '() => { throw new Error("oh") }', /ETH at 2023-03-11T02:00:00.000Z: the policy threw: oh$/],
    ['throws no error', '() => { throw "oh" }', /the policy threw: oh$/],
    ['gives nothing', '() => undefined', /ETH at 2023-03-11T02:00:00.000Z: the policy gave undefined/],
    ['gives a number', '() => 8000', /gave the number 8000; parameters as in view.current are needed/],
    ['is late', 'async () => { throw new Error("late") }', /gave a promise; .* at once/],
  ])('that %s is stopped, naming file, asset and time', async (_, code, message) => {
    const path = fileOf(`export const policy = ${code}`)
    const policy = (await policyMaker({ kind: 'function', path }))(SETUP, 1)
    expect(() => policy.next(VIEW)).toThrow(message)
    expect(() => policy.next(VIEW)).toThrow(path)
  })

  test.each<[string, string, RegExp]>([
    ['throws', '() => { throw new Error("oh") }', /, ETH: createPolicy threw: oh/],
    ['makes no function', '() => ({})', /, ETH: createPolicy gave an object; a function of the view is needed/],
  ])('whose factory %s is stopped', async (_, code, message) => {
    const path = fileOf(`export const createPolicy = ${code}`)
    const make = await policyMaker({ kind: 'function', path })
    expect(() => make(SETUP, 1)).toThrow(message)
  })
})

test('a built-in choice is made without a file', async () => {
  const make = await policyMaker({ kind: 'static' })
  expect(make(SETUP, 100).next(VIEW)).toMatchObject({ ltvBps: 7_950 })
})
