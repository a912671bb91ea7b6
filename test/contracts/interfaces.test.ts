import { type FunctionFragment, Interface } from 'ethers'
import { expect, test } from 'vitest'
import { aaveArtifact, plimsollArtifact } from '../../contracts/script/artifacts.ts'

const PAIRS = [
  ['IAaveV3AddressesProvider', 'protocol/configuration/PoolAddressesProvider.sol', 'PoolAddressesProvider'],
  ['IAaveV3Pool', 'protocol/pool/Pool.sol', 'Pool'],
  ['IAaveV3PoolConfigurator', 'protocol/pool/PoolConfigurator.sol', 'PoolConfigurator'],
] as const

test.each(PAIRS)(
  "every function of %s exists in Aave's own ABI, with the same selector and result size",
  (name, source, aave) => {
    const ours = new Interface(plimsollArtifact('src/consumers/IAaveV3.sol', name).abi)
    const theirs = new Interface(aaveArtifact(source, aave).abi)
    const functions = ours.fragments.filter((each): each is FunctionFragment => each.type === 'function')
    expect(functions.length).toBeGreaterThan(0)
    for (const fragment of functions) {
      const twin = theirs.getFunction(fragment.selector)
      expect(twin?.format('sighash'), fragment.name).toBe(fragment.format('sighash'))
      expect(twin?.outputs, fragment.name).toHaveLength(fragment.outputs.length)
      expect(twin?.stateMutability, fragment.name).toBe(fragment.stateMutability)
    }
  },
)
