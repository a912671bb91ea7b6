import { expect } from 'vitest'
import type { RiskPrediction } from '../../oracle-node/core/prediction.ts'

export function expectNear(given: number, expected: number, tolerance: number): void {
  expect(Math.abs(given - expected), `${given} for ${expected}`).toBeLessThanOrEqual(tolerance)
}

/** All twelve outputs. A quantile may be next to nothing, as the difference of larger numbers: its error is counted beside the shortfall. */
export function expectNearRisk(given: RiskPrediction, expected: RiskPrediction, precision: number): void {
  for (const horizon of ['day', 'hour'] as const) {
    const [a, b] = [given.outlook?.[horizon], expected.outlook?.[horizon]]
    if (a === undefined || b === undefined) throw new Error('both have both horizons')
    expectNear(a.volatility, b.volatility, precision * b.volatility)
    for (const level of [50, 90, 95, 99] as const) {
      const size = Math.max(Math.abs(b[`valueAtRisk${level}`]), b.expectedShortfall99)
      expectNear(a[`valueAtRisk${level}`], b[`valueAtRisk${level}`], precision * size)
    }
    expectNear(a.expectedShortfall99, b.expectedShortfall99, precision * b.expectedShortfall99)
  }
  const { outlook, ...ofRecord } = given
  expect(ofRecord).toEqual({
    volatility: outlook?.day.volatility,
    valueAtRisk99: outlook?.day.valueAtRisk99,
    expectedShortfall99: outlook?.day.expectedShortfall99,
  })
}
