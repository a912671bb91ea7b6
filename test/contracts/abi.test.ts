import { expect, test } from 'vitest'
import { riskOracleAbi } from '../../contracts/abi/risk-oracle.generated.ts'
import { generatedAbis, isCurrent } from '../../contracts/script/export-abi.ts'

test('the committed ABIs are those of the compiled contracts', () => {
  const stale = generatedAbis().filter((each) => !isCurrent(each))
  expect(
    stale.map(({ file }) => file.pathname),
    'run `node contracts/script/export-abi.ts`',
  ).toEqual([])
})

test('the ABIs carry literal types, so that a client can infer arguments from them', () => {
  const names: ReadonlyArray<'update' | 'read' | 'peek'> = riskOracleAbi
    .filter((each) => each.type === 'function')
    .map((each) => each.name)
    .filter((name) => name === 'update' || name === 'read' || name === 'peek')
  expect(names.toSorted()).toEqual(['peek', 'read', 'update'])
})
