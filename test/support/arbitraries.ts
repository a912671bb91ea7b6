import fc from 'fast-check'
import { type Hex, toHex } from '../../oracle-node/core/bytes.ts'
import { RECORD_LAYOUT, type RiskRecord, unpackRecord } from '../../oracle-node/core/record.ts'

export const anyHex = (bytes: number): fc.Arbitrary<Hex> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((each) => toHex(each))

/** Any record there can be: each field anywhere in its width, its two ends often. */
export const anyRecord: fc.Arbitrary<RiskRecord> = fc
  .tuple(...RECORD_LAYOUT.map(([, width]) => fc.bigInt({ min: 0n, max: (1n << BigInt(width)) - 1n })))
  .map((values) =>
    unpackRecord(RECORD_LAYOUT.reduce((word, [, width], index) => (word << BigInt(width)) | (values[index] ?? 0n), 0n)),
  )
