import type { BacktestResult, ForecastResult, LendingResult, Verdict } from '../../result.ts'
import { type Html, html } from '../html.ts'
import { looksOf } from '../palette.ts'
import { badDebtAt, overall, rivals, sumOf, verdictsByChoice } from '../totals.ts'
import { count, isFigure, knobText, list, percent, roughly, usd } from '../words.ts'

/** What was found: a sentence, each promise, and a row of figures. */
export function answerSection({ lending, forecast }: BacktestResult): Html {
  const points = [
    ...(lending === undefined ? [] : promises(lending)),
    ...(forecast === undefined ? [] : forecastPoints(forecast)),
  ]
  const sentence = lending === undefined ? html`` : html`<p class="answer">${lendingSentence(lending)}</p>`
  const nothing = lending === undefined && forecast === undefined
  return html`<section id="answer">${sentence}${nothing ? html`<p class="answer">Nothing was run: there is neither a lending nor a forecast part.</p>` : html``}${points.length === 0 ? html`` : html`<ul class="promises">${points}</ul>`}${lending === undefined ? html`` : figures(lending)}</section>`
}

type Pair = readonly Verdict[]

/** How the knobs were chosen at which the crises are judged. */
const CHOSEN = {
  'without-it': 'each at knobs chosen without it',
  'same-capacity': 'each at knobs of the same capacity in it',
}

/** One a rival, as the report leads with it; how often it was kept at knobs that were chosen otherwise stands beside it. */
function promises(lending: LendingResult): Html[] {
  const [first, ...others] = verdictsByChoice(lending)
  return pairsOf(first?.verdicts ?? []).map((pair) => {
    const beside = others.flatMap(({ chosen, verdicts }) => {
      const own = verdicts.filter(({ policy, against }) => policy === pair[0]?.policy && against === pair[0]?.against)
      return own.length === 0 ? [] : [` ${OTHERWISE[chosen]}: kept in ${keptOf(own)}.`]
    })
    return promise(lending, pair, beside.join(''))
  })
}

const OTHERWISE = {
  'without-it': 'At knobs chosen on the other crises',
  'same-capacity': 'At knobs of the same capacity in each crisis',
}

/** Of those alone in which there was something to compare. */
function keptOf(verdicts: Pair): string {
  const compared = verdicts.filter((verdict) => verdict.compared)
  return `${compared.filter(({ kept }) => kept).length}\u00a0of\u00a0${compared.length}`
}

function pairsOf(verdicts: readonly Verdict[]): readonly Pair[] {
  return [...Map.groupBy(verdicts, ({ policy, against }) => `${policy}\n${against}`).values()]
}

/** One sentence a way in which knobs were chosen. */
function lendingSentence(lending: LendingResult): Html {
  const choices = verdictsByChoice(lending)
  if (choices.length === 0) return html`No verdict was passed: no two policies were compared over a crisis.`
  return html`${choices.map((choice, index) => html`${index === 0 ? '' : ' '}${sentenceOf(lending, choice)}`)}`
}

function sentenceOf(lending: LendingResult, { chosen, verdicts }: ReturnType<typeof verdictsByChoice>[number]): Html {
  const crises = new Set(verdicts.map(({ period }) => period)).size
  const clauses = pairsOf(verdicts).map((own, index) => clause(lending, own, index === 0))
  const joined = clauses.flatMap((each, index) => (index === 0 ? [each] : [html`, and `, each]))
  const over = crises === 1 ? 'one crisis' : `${count(crises)} crises`
  return html`Over ${over}, ${CHOSEN[chosen]}, ${joined}.`
}

/** How much less, or more, than the other, over the crises together. */
function clause(lending: LendingResult, verdicts: Pair, isFirst: boolean): Html {
  const own = sumOf(verdicts.map((verdict) => verdict.badDebtUsd))
  const other = sumOf(verdicts.map((verdict) => verdict.otherBadDebtUsd))
  const [name, rival] = [titleOf(lending, verdicts[0]?.policy), titleOf(lending, verdicts[0]?.against)]
  if (own === undefined || other === undefined) return html`${name} and ${rival} cannot be compared, for figures lack`
  const capacity = capacityWords(verdicts)
  if (own === 0 && other === 0) return html`<b>neither ${name} nor ${rival} left bad debt</b>, ${capacity}`
  if (other === 0) return html`<b>${name} left ${usd(own)} of bad debt, ${rival} none</b>, ${capacity}`
  const ratio = own / other
  const words =
    ratio === 1 ? 'as much bad debt as' : `${roughly(Math.abs(1 - ratio))} ${ratio < 1 ? 'less' : 'more'} bad debt than`
  return html`<b>${isFirst ? `${name} left ` : ''}${words} ${rival}</b> (${usd(own)} against ${usd(other)}), ${capacity}`
}

function capacityWords(verdicts: Pair): string {
  const own = sumOf(verdicts.map((verdict) => verdict.capacityUsd))
  const other = sumOf(verdicts.map((verdict) => verdict.otherCapacityUsd))
  if (own === undefined || other === undefined || !(other > 0)) return 'at capacities that are not known'
  const difference = own / other - 1
  if (Math.abs(difference) < 0.005) return 'at equal capacity'
  return `with ${roughly(Math.abs(difference))} ${difference > 0 ? 'more' : 'less'} capacity`
}

function promise(lending: LendingResult, verdicts: Pair, beside: string): Html {
  const [first] = verdicts
  const missed = verdicts.filter(({ kept, compared }) => compared && !kept)
  const rival = titleOf(lending, first?.against)
  const most =
    isFigure(first?.shareMax) && first.shareMax !== 1 ? `at most ${roughly(first.shareMax)} of` : 'no more than'
  const where = missed.map(({ period }) => lending.periods.find(({ id }) => id === period)?.title ?? period)
  const text = `Bad debt ${most} that of ${rival}${missed.length === 0 ? '.' : `: not in ${list(where)}.`}${beside}`
  return point(`kept in ${keptOf(verdicts)}`, missed.length === 0, text)
}

function forecastPoints({ cells }: ForecastResult): Html[] {
  const groups = [...Map.groupBy(cells, ({ asset, horizon }) => `${asset}\n${horizon}`).values()]
  const winners = groups.flatMap((own) => {
    const known = own.filter(({ qlike }) => isFigure(qlike)).toSorted((a, b) => a.qlike - b.qlike)
    return known.slice(0, 1).map(({ model }) => model)
  })
  const wins = [...Map.groupBy(winners, (model) => model)].map(([model, won]) => ({ model, won: won.length }))
  const best = wins.toSorted((a, b) => b.won - a.won)[0]
  if (best === undefined) return []
  const own = cells.filter(({ model }) => model === best.model)
  const green = own.filter(({ light }) => light === 'green').length
  const models = new Set(cells.map(({ model }) => model)).size
  return [
    point(
      `best in ${best.won} of ${groups.length}`,
      true,
      `Of ${count(models)} forecasters ${best.model} most often has the least QLIKE, by asset and horizon.`,
    ),
    point(
      `green in ${green} of ${own.length}`,
      green === own.length,
      `Traffic light of ${best.model} on the 99 % value at risk.`,
    ),
  ]
}

function point(words: string, isGood: boolean, text: string): Html {
  return html`<li><span class="badge ${isGood ? 'kept' : 'missed'}">${words}</span><span>${text}</span></li>`
}

function titleOf({ policies }: LendingResult, id: string | undefined): string {
  return policies.find((policy) => policy.id === id)?.title ?? id ?? 'the other'
}

/** Bad debt of each policy at its shown knob, and what it would be at the capacity of the policy that it is measured by. */
function figures(lending: LendingResult): Html {
  const looks = looksOf(lending)
  const reference = looks.find(({ id }) => id === rivals(lending).other) ?? looks[0]
  const measure = lending.frontier.find(({ policy, knob }) => policy === reference?.id && knob === reference.shown)
  if (looks.length === 0) return html``
  const items = looks.map((look) => {
    const { badDebtUsd, efficiency } = overall(lending, look)
    const equal = isFigure(measure?.capacity) ? badDebtAt(lending, look.id, measure.capacity) : undefined
    const shown = html`at the knob that is shown, ${knobText(look.shown)}: <b>${usd(badDebtUsd)}</b> at a capacity of <b>${percent(efficiency)}</b>`
    return html`<div style="--hue:${look.colour}"><dt>${look.title}</dt><dd class="big">${percent(equal)}</dd><dd>of demand lost at equal capacity</dd><dd>${shown}</dd></div>`
  })
  const note = isFigure(measure?.capacity)
    ? html`<p class="note">Means over all periods. Equal capacity is that of ${reference?.title ?? ''}, ${percent(measure.capacity)} of demand: what each policy’s frontier gives there, – where it does not reach.</p>`
    : html``
  return html`<dl class="figures">${items}</dl>${note}`
}
