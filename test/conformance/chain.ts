import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Hex, toHex } from '../../oracle-node/core/bytes.ts'
import type { Domain } from '../../oracle-node/core/domain.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import { type Report, reportDigest } from '../../oracle-node/core/report.ts'
import type { Chain } from '../../oracle-node/ports/chain.ts'
import { sampleReport } from '../contracts/samples.ts'
import type { World } from '../simulation/simulate.ts'
import { groupSignature } from '../support/group-signature.ts'

/** A chain whose oracle has the committee's key and epoch 1, with lending markets for WETH, WBTC and USDC. */
export type ChainUnderTest = {
  readonly chain: Chain
  readonly domain: Domain
  /** A time that the chain takes for now, later by a record's spacing at each call. */
  nextTime(): number
  close(): Promise<void>
}

const RECORDS = {
  WETH: {},
  WBTC: { priceE8: 4_000_000_000_000n },
  USDC: { priceE8: 100_000_000n },
  // A feed that no market is made of.
  LINK: { priceE8: 1_400_000_000n },
}

/** Three members' signature over a report. */
export function signedBy(world: World, domain: Domain, report: Report): Hex {
  return groupSignature(world, reportDigest(domain, report), `round ${report.round} ${report.time}`)
}

/** What every Chain owes its callers: the tests of one chain, in order. */
export function testChain(name: string, world: World, make: () => Promise<ChainUnderTest>): void {
  describe(`chain: ${name}`, () => {
    let under: ChainUnderTest
    beforeAll(async () => {
      under = await make()
    })
    afterAll(() => under?.close())

    const signed = (round: number, epoch = 1): [Report, Hex] => {
      const report = sampleReport({ round, epoch, time: under.nextTime() }, RECORDS)
      return [report, signedBy(world, under.domain, report)]
    }

    test('knows its committee, and names another one that is expected of it', async () => {
      const { groupKey } = world.keys
      await under.chain.checkCommittee(groupKey, 1)
      await expect(under.chain.checkCommittee(groupKey, 2)).rejects.toThrow('epoch 1')
      await expect(under.chain.checkCommittee(world.keys.verifyingShares[0] ?? groupKey, 1)).rejects.toThrow()
    })

    test('holds no round at first, and takes a report that the committee signed', async () => {
      expect(await under.chain.latestRound()).toBe(0)
      const sent = await under.chain.update(...signed(1))
      expect(sent).toMatchObject({ ok: true, transaction: expect.stringMatching(/^0x[0-9a-f]{64}$/) })
      expect(sent.ok && sent.gas).toBeGreaterThan(20_000)
      expect(await under.chain.latestRound()).toBe(1)
    })

    test('refuses for good what it has, what another signed, and what is of another epoch', async () => {
      const [report, signature] = signed(2)
      const other = toHex(new Uint8Array(65).fill(2, 0, 33).fill(1, 33))
      const wrong: Array<[Report, Hex]> = [signed(1), [{ ...report, round: 3 }, signature], signed(2, 2)]
      for (const call of wrong) expect(await under.chain.update(...call)).toMatchObject({ ok: false, retry: false })
      await expect(under.chain.update(report, other).then((sent) => sent.ok)).resolves.toBe(false)
      expect(await under.chain.latestRound()).toBe(1)
    })

    test('is synced feed by feed, once for each record, and not where there is no market', async () => {
      const [report, signature] = signed(5)
      expect(await under.chain.update(report, signature)).toMatchObject({ ok: true })
      expect(await under.chain.latestRound()).toBe(5)
      const [weth, wbtc] = [feedOf('WETH'), feedOf('WBTC')]
      expect(await under.chain.needsSync(weth, report.time)).toBe(true)
      expect(await under.chain.sync(weth)).toMatchObject({ ok: true })
      expect(await under.chain.needsSync(weth, report.time)).toBe(false)
      expect(await under.chain.needsSync(weth, report.time + 1)).toBe(true)
      expect(await under.chain.needsSync(wbtc, report.time)).toBe(true)
      for (const unknown of [feedOf('LINK'), feedOf('NONE')]) {
        expect(await under.chain.needsSync(unknown, report.time)).toBe(false)
        expect(await under.chain.sync(unknown)).toMatchObject({ ok: false, retry: false })
      }
    })
  })
}
