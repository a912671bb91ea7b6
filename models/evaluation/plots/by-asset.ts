import ln from '@stdlib/math-base-special-ln'
import { HAR_PEER, RISK_METRICS } from '../../training/candidates.ts'
import { isCounted } from '../by-asset.ts'
import type { WalkResult } from '../evaluate-walk.ts'
import { shortName } from './over-time.ts'
import { circle, colour, line, linear, svgFile, text } from './svg.ts'

const [WIDTH, LEFT, RIGHT, TOP, ROW] = [760, 120, 30, 116, 18]
/** Ratios are drawn on a logarithmic scale, on which half and double are as far from one. */
const [LEAST, MOST] = [0.3, 1.5]
const TICKS = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.5]

/** On each asset a model's QLIKE over that of HAR and over that of EWMA(.94). */
export function byAssetPlot({ assets, models }: WalkResult, id: string): string {
  const qlikeOf = (model: string, asset: string): number =>
    models.find((each) => each.id === model)?.assets.get(asset)?.qlike ?? Number.NaN
  const rows = assets
    .filter(isCounted)
    .map(({ asset, kind, rows: own }) => {
      const qlike = qlikeOf(id, asset)
      return {
        asset,
        kind,
        days: own.length,
        toHar: qlike / qlikeOf(HAR_PEER, asset),
        toEwma: qlike / qlikeOf(RISK_METRICS, asset),
      }
    })
    .toSorted((a, b) => (a.kind === b.kind ? a.toHar - b.toHar : a.kind === 'volatile' ? -1 : 1))
  const bottom = TOP + (rows.length + 0.5) * ROW
  const scale = linear([ln(LEAST), ln(MOST)], [LEFT, WIDTH - RIGHT])
  const x = (ratio: number): number => scale(ln(ratio))
  return svgFile({
    width: WIDTH,
    height: bottom + 34,
    title: `${id}: error of the volatility forecast on each asset, over that of others`,
    lead: [
      `QLIKE of ${id} over that of: filled, ${shortName(HAR_PEER)}; ring, ${RISK_METRICS}. Left of one is better. Logarithmic; what is beyond is drawn`,
      'at the edge. Dotted: 2 % worse. Stablecoins last; assets with fewer than 120 days are left out.',
    ],
    body: [
      ...TICKS.flatMap((ratio) => [
        line([x(ratio), TOP], [x(ratio), bottom], `class="${ratio === 1 ? 'zero' : 'rule'}"`),
        text({ x: x(ratio), y: bottom + 18, what: String(ratio), style: 'dim', anchor: 'middle' }),
      ]),
      line([x(1.02), TOP], [x(1.02), bottom], 'class="zero" stroke-dasharray="2 3"'),
      ...rows.flatMap(({ asset, days, toHar, toEwma }, row) => {
        const y = TOP + (row + 1) * ROW - 4
        return [
          text({ x: LEFT - 52, y: y + 4, what: asset, anchor: 'end' }),
          text({ x: LEFT - 14, y: y + 4, what: String(days), style: 'dim', anchor: 'end' }),
          line([x(toHar), y], [x(toEwma), y], 'class="rule" stroke-width="2"'),
          circle(x(toEwma), y, 4.5, `class="ring" stroke="${colour('b')}" stroke-width="1.75"`),
          circle(x(toHar), y, 4.5, `fill="${colour('a')}"`),
        ]
      }),
      text({ x: LEFT - 52, y: TOP - 8, what: 'asset', style: 'dim', anchor: 'end' }),
      text({ x: LEFT - 14, y: TOP - 8, what: 'days', style: 'dim', anchor: 'end' }),
    ],
  })
}
