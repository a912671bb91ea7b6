import { StandardMerkleTree } from '@openzeppelin/merkle-tree'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromHex, toHex } from '../../oracle-node/core/bytes.ts'
import { merkleProof, merkleRoot, rootOfProof } from '../../oracle-node/core/merkle.ts'
import { anyHex } from '../support/arbitraries.ts'

test('the root is OpenZeppelin’s for leaves in the order given', () => {
  fc.assert(
    fc.property(fc.array(anyHex(32), { minLength: 1, maxLength: 40 }), (leaves) => {
      const theirs = StandardMerkleTree.of(
        leaves.map((leaf) => [leaf]),
        ['bytes32'],
        { sortLeaves: false },
      )
      expect(toHex(merkleRoot(leaves.map((leaf) => fromHex(leaf))))).toBe(theirs.root)
    }),
  )
})

test('two leaves in place of one, or one more, give another root', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyHex(32), { minLength: 2, maxLength: 12 }), (leaves) => {
      const bytes = leaves.map((leaf) => fromHex(leaf))
      const root = toHex(merkleRoot(bytes))
      expect(toHex(merkleRoot(bytes.slice(1)))).not.toBe(root)
      expect(toHex(merkleRoot([...bytes, new Uint8Array(32)]))).not.toBe(root)
    }),
  )
})

test('there is no root of nothing', () => {
  expect(() => merkleRoot([])).toThrow('a Merkle tree needs a leaf')
})

test('a proof is OpenZeppelin’s, leads to the root, and with another leaf to another', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyHex(32), { minLength: 1, maxLength: 20 }), fc.nat(), (leaves, drawn) => {
      const index = drawn % leaves.length
      const bytes = leaves.map((leaf) => fromHex(leaf))
      const proof = merkleProof(bytes, index)
      const theirs = StandardMerkleTree.of(
        leaves.map((leaf) => [leaf]),
        ['bytes32'],
        { sortLeaves: false },
      )
      expect(proof.map((each) => toHex(each))).toEqual(theirs.getProof(index))
      expect(toHex(rootOfProof(bytes[index] ?? new Uint8Array(), proof))).toBe(theirs.root)
      expect(toHex(rootOfProof(new Uint8Array(32).fill(7), proof))).not.toBe(theirs.root)
    }),
  )
})

test.each([-1, 2, 0.5])('there is no proof of leaf %s of two', (index) => {
  const leaves = [new Uint8Array(32), new Uint8Array(32).fill(1)]
  expect(() => merkleProof(leaves, index)).toThrow(`a leaf of 0..1 was needed, got ${index}`)
})
