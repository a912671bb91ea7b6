import { mulberry32 } from '../../backtests/metrics/generator.ts'
import { trafficLight } from '../../backtests/metrics/traffic-light.ts'
import type { ForecastCell, ForecastResult } from '../../backtests/result.ts'

/*
 * Test data, as in sample-result.ts: a forecast's part of a result, out of a seeded generator. Nothing in it was measured.
 */

const MODELS = ['combination', 'log-har', 'har', 'garch', 'ewma', 'historical']
const ASSETS = ['ETH', 'WBTC', 'LINK', 'SOL']
const HORIZONS = ['24h', '1h'] as const
const LEVELS = [0.5, 0.75, 0.9, 0.95, 0.99, 0.995]
const DAYS = 900
const START = 1_609_459_200

export function sampleForecast(): ForecastResult {
  const random = mulberry32(23)
  const each = <T>(make: (model: string, asset: string, horizon: '24h' | '1h', rank: number) => T): T[] =>
    MODELS.flatMap((model, rank) =>
      ASSETS.flatMap((asset) => HORIZONS.map((horizon) => make(model, asset, horizon, rank))),
    )
  const courses = each((model, asset, horizon, rank) => ({ model, asset, horizon, ...course(random, rank) }))
  return {
    splits: { kind: 'expanding', folds: 30, refits: [START, START + 30 * 86_400] },
    cells: each((model, asset, horizon, rank): ForecastCell => {
      const own = courses.find((one) => one.model === model && one.asset === asset && one.horizon === horizon)
      const hits = own?.loss.filter((loss, day) => loss > (own.valueAtRisk99[day] ?? 1)).length ?? 0
      return {
        model,
        asset,
        horizon,
        days: DAYS,
        qlike: 0.62 + rank * 0.025 + random() * 0.05,
        fz: -2.1 + rank * 0.04,
        pinball99: 0.0021 + rank * 0.0001,
        hits,
        kupiecP: random() * (1 - rank * 0.16),
        independenceP: random(),
        conditionalP: random(),
        severity: hits === 0 ? null : random() - 0.5,
        shortfall: random() - 0.5,
        shortfallP: random() * (1 - rank * 0.16),
        light: trafficLight({ days: DAYS, exceedances: hits }),
        greenShare: 1 - rank * 0.08,
      }
    }),
    comparisons: MODELS.slice(1).flatMap((against) =>
      ASSETS.flatMap((asset) =>
        HORIZONS.flatMap((horizon) =>
          (['qlike', 'fz'] as const).map((loss) => ({
            model: 'combination',
            against,
            asset,
            horizon,
            loss,
            difference: -0.03 + random() * 0.04,
            p: random() * 0.2,
          })),
        ),
      ),
    ),
    confidenceSets: each((model, asset, horizon, rank) =>
      (['qlike', 'fz'] as const).map((loss) => ({ model, asset, horizon, loss, p: Math.max(0, 1 - rank * 0.26) })),
    ).flat(),
    regimes: MODELS.flatMap((model, rank) =>
      HORIZONS.flatMap((horizon) =>
        (['calm', 'ordinary', 'wild'] as const).map((regime, index) => ({
          model,
          horizon,
          regime,
          days: DAYS / 3,
          qlike: 0.5 + index * 0.12 + rank * (0.015 + index * 0.02) + random() * 0.03,
        })),
      ),
    ),
    reliability: MODELS.flatMap((model, rank) =>
      HORIZONS.flatMap((horizon) =>
        LEVELS.map((level) => ({
          model,
          horizon,
          level,
          observed: Math.min(1, level - (1 - level) * (rank * 0.25 - 0.3) + (random() - 0.5) * 0.02 * (1 - level)),
          days: DAYS * ASSETS.length,
        })),
      ),
    ),
    courses: courses.filter(({ model }) => model === MODELS[0]),
  }
}

function course(random: () => number, rank: number) {
  let volatility = 0.03
  const [time, loss, valueAtRisk99]: [number[], number[], number[]] = [[], [], []]
  for (let day = 0; day < DAYS; day++) {
    volatility = volatility * 0.96 + 0.03 * 0.04 + (day % 311 === 200 ? 0.05 : 0)
    const shock = random() + random() + random() + random() - 2
    time.push(START + day * 86_400)
    loss.push(shock * volatility * 1.7)
    valueAtRisk99.push(volatility * (2.35 - rank * 0.12))
  }
  return { time, loss, valueAtRisk99 }
}
