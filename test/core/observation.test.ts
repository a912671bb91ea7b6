import { secp256k1 } from '@noble/curves/secp256k1.js'
import { computeAddress, recoverAddress, Signature } from 'ethers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, type Hex, toBigInt, toHex } from '../../oracle-node/core/bytes.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import {
  addressOf,
  fallbackBits,
  fallbackFeeds,
  fallbacksFit,
  type Observation,
  observationDigest,
  recoverOperator,
  signObservation,
} from '../../oracle-node/core/observation.ts'
import { bps, nodeIndex, unixSeconds } from '../../oracle-node/core/units.ts'
import { anyHex, anyRecord } from '../support/arbitraries.ts'
import { DOMAIN, observationOf } from '../support/committee.ts'
import { seededRandom } from '../support/seeded-random.ts'

const anyKey = anyHex(32).filter((hex) => secp256k1.utils.isValidSecretKey(fromHex(hex)))
const anyObservation: fc.Arbitrary<Observation> = fc.record({
  fallbacks: fc.bigInt({ min: 0n, max: 15n }),
  epoch: fc.nat(),
  round: fc.nat(),
  node: fc.integer({ min: 1, max: 100 }).map(nodeIndex),
  observedAt: fc.nat().map(unixSeconds),
  modelSet: anyHex(32),
  featuresHash: anyHex(32),
  values: fc.array(fc.record({ feed: anyHex(32), record: anyRecord }), { minLength: 1, maxLength: 4 }),
})

const key = seededRandom('operator').bytes(32)
const operator = addressOf(secp256k1.getPublicKey(key, false))
const signed = signObservation(DOMAIN, observationOf(nodeIndex(1), 7), key)
const bytes = (): Uint8Array => fromHex(signed.signature)

describe('a signed observation', () => {
  test('names its signer, and is the same each time it is signed', () => {
    fc.assert(
      fc.property(anyObservation, anyKey, (observation, secret) => {
        const made = signObservation(DOMAIN, observation, fromHex(secret))
        expect(recoverOperator(DOMAIN, made)).toBe(computeAddress(secret).toLowerCase())
        expect(signObservation(DOMAIN, observation, fromHex(secret)).signature).toBe(made.signature)
      }),
      { numRuns: 30 },
    )
  })

  test('is a signature that Ethereum takes: low s, and v 27 or 28', () => {
    fc.assert(
      fc.property(anyObservation, anyKey, (observation, secret) => {
        const { signature } = signObservation(DOMAIN, observation, fromHex(secret))
        const digest = toHex(observationDigest(DOMAIN, observation))
        expect(recoverAddress(digest, Signature.from(signature))).toBe(computeAddress(secret))
      }),
      { numRuns: 30 },
    )
  })

  test('of any other content, chain or contract is not its signer’s', () => {
    const { observation, signature } = signed
    const [value] = observation.values
    if (value === undefined) throw new Error('a value')
    const changes: ReadonlyArray<Partial<Observation>> = [
      { epoch: 2 },
      { round: 8 },
      { node: nodeIndex(2) },
      { observedAt: unixSeconds(observation.observedAt + 1) },
      { modelSet: toHex(new Uint8Array(32)) },
      { featuresHash: toHex(new Uint8Array(32)) },
      { fallbacks: 1n },
      { values: [] },
      { values: [value, value] },
      { values: [{ ...value, feed: feedOf('WBTC') }] },
      { values: [{ ...value, record: { ...value.record, volatilityBps: bps(value.record.volatilityBps + 1) } }] },
    ]
    for (const change of changes) {
      expect(recoverOperator(DOMAIN, { observation: { ...observation, ...change }, signature })).not.toBe(operator)
    }
    expect(recoverOperator({ ...DOMAIN, chainId: 1n }, signed)).not.toBe(operator)
    expect(recoverOperator({ ...DOMAIN, oracle: `0x${'cd'.repeat(20)}` }, signed)).not.toBe(operator)
    expect(recoverOperator(DOMAIN, signed)).toBe(operator)
  })
})

describe('the bitmap of fallbacks', () => {
  const [value] = signed.observation.values
  if (value === undefined) throw new Error('a value')

  test('says of each value whether the baseline judged it, whatever the others are', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 64 }), (flags) => {
        const values = flags.map((_, index) => ({ ...value, feed: feedOf(`A${index}`) }))
        const fallbacks = fallbackBits(flags)
        expect(fallbackFeeds({ fallbacks, values })).toEqual(
          values.flatMap(({ feed }, index) => (flags[index] === true ? [feed] : [])),
        )
        expect(fallbacksFit(fallbacks, values.length)).toBe(true)
      }),
      { seed: 1 },
    )
  })

  test('fits exactly when no bit is set from the number of values on', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 66n }), fc.nat({ max: 70 }), (fallbacks, count) => {
        const highest = fallbacks === 0n ? 0 : fallbacks.toString(2).length
        expect(fallbacksFit(fallbacks, count)).toBe(highest <= Math.min(count, 64))
      }),
      { seed: 1 },
    )
    expect(fallbacksFit(-1n, 64)).toBe(false)
  })

  test('has no room for a 65th value', () => {
    expect(() => fallbackBits(new Array(65).fill(false))).toThrow('the bitmap has 64 bits, 65 are needed')
  })
})

describe('a signature names nobody and throws nothing when', () => {
  const expectNobody = (signature: string): void =>
    expect(recoverOperator(DOMAIN, { ...signed, signature: signature as Hex })).toBeUndefined()

  test('it is the other one of the same key and digest: −s with the other parity', () => {
    const order = secp256k1.Point.Fn.ORDER
    const r = signed.signature.slice(2, 66)
    const s = (order - toBigInt(bytes().subarray(32, 64))).toString(16).padStart(64, '0')
    const v = (bytes()[64] === 27 ? 28 : 27).toString(16)
    const twin = `0x${r}${s}${v}`
    // It would pass a bare ecrecover.
    const point = secp256k1.Signature.fromBytes(fromHex(twin).subarray(0, 64), 'compact')
      .addRecoveryBit(Number.parseInt(v, 16) - 27)
      .recoverPublicKey(observationDigest(DOMAIN, signed.observation))
    expect(addressOf(point.toBytes(false))).toBe(operator)
    expectNobody(twin)
  })

  test('its v is any but 27 and 28', () => {
    for (let v = 0; v < 256; v += 1) {
      const changed = bytes()
      changed[64] = v
      const found = recoverOperator(DOMAIN, { ...signed, signature: toHex(changed) })
      if (v === bytes()[64]) expect(found).toBe(operator)
      else if (v === 27 || v === 28) expect(found).not.toBe(operator)
      else expect(found, `v ${v}`).toBeUndefined()
    }
  })

  test('r or s is zero or not below the order', () => {
    const order = secp256k1.Point.Fn.ORDER.toString(16)
    const rest = signed.signature.slice(66)
    for (const r of ['00'.repeat(32), order, 'ff'.repeat(32)]) expectNobody(`0x${r}${rest}`)
    const head = signed.signature.slice(0, 66)
    for (const s of ['00'.repeat(32), order, 'ff'.repeat(32)]) expectNobody(`${head}${s}1b`)
  })

  test('it is any garbage: a stranger’s address at most', () => {
    const garbage = fc.oneof(
      fc.string(),
      anyHex(64),
      anyHex(65),
      anyHex(66),
      fc.uint8Array({ maxLength: 200 }).map(toHex),
    )
    fc.assert(
      fc.property(garbage, (signature) => {
        const found = recoverOperator(DOMAIN, { ...signed, signature: signature as Hex })
        expect(found).not.toBe(operator)
        if (found !== undefined) expect(found).toMatch(/^0x[0-9a-f]{40}$/)
      }),
      { numRuns: 200 },
    )
  })
})
