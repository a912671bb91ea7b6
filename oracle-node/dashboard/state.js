// What the page makes of the server's data. Pure: no clock, no DOM.

/** As many as the server keeps. */
export const ROUNDS_MAX = 480

/** The network's state after one more round; a round that is known already changes nothing but the nodes. */
export function withRound(network, { round, nodes }) {
  const known = network.rounds.some((each) => each.round === round.round)
  const rounds = known ? network.rounds : [...network.rounds, round].slice(-ROUNDS_MAX)
  return { ...network, nodes, rounds, parameters: round.parameters ?? network.parameters }
}

export function lastReported(rounds) {
  return rounds.findLast((each) => each.report !== undefined)
}

export function recordOf(round, asset) {
  return round?.report?.records.find((record) => record.asset === asset)
}

export function moveOf(round, asset, parameter) {
  return round?.moves.find((move) => move.asset === asset && move.parameter === parameter)
}

/** The steward's last word on a parameter, and the first round of those that ended with the same reason. */
export function lastWord(rounds, asset, parameter) {
  let word
  let since
  for (const round of rounds.toReversed()) {
    const move = moveOf(round, asset, parameter)
    if (move === undefined) continue
    word ??= move
    if (move.reason !== word.reason || (move.from === move.to) !== (word.from === word.to)) break
    since = round.round
  }
  return word === undefined ? undefined : { move: word, since }
}

/** One asset's columns for the charts: null where there is nothing. */
export function columnsOf(rounds, asset) {
  const columns = {
    time: [],
    price: [],
    volatility: [],
    shortfall: [],
    threshold: [],
    ltv: [],
    wanted: [],
    ltvWanted: [],
  }
  for (const round of rounds) {
    const record = recordOf(round, asset)
    const parameters = round.parameters?.[asset]
    columns.time.push(round.time)
    columns.price.push(record === undefined ? null : Number(record.priceE8) / 1e8)
    columns.volatility.push(record?.volatilityBps ?? null)
    columns.shortfall.push(record?.expectedShortfall99Bps ?? null)
    columns.threshold.push(parameters?.liquidationThreshold ?? null)
    columns.ltv.push(parameters?.ltv ?? null)
    columns.wanted.push(moveOf(round, asset, 'liquidationThreshold')?.target ?? null)
    columns.ltvWanted.push(moveOf(round, asset, 'ltv')?.target ?? null)
  }
  return columns
}

/** How a price changed over the last hour, or since the first round if that is not as long ago. */
export function priceChange(rounds, asset) {
  const last = lastReported(rounds)
  const now = recordOf(last, asset)
  if (now === undefined) return undefined
  const reported = rounds.filter((round) => recordOf(round, asset) !== undefined)
  const before = reported.findLast((round) => round.time <= last.time - 3_600) ?? reported[0]
  if (before === undefined || before === last) return undefined
  const ratio = Number(now.priceE8) / Number(recordOf(before, asset).priceE8) - 1
  return { ratio, seconds: last.time - before.time }
}

/** What a node did in a round: `none` when there was no report to take part in. */
export function partOf(round, node) {
  if (round.report === undefined) return 'none'
  if (round.report.leader === node) return 'led'
  return round.report.observers.includes(node) ? 'saw' : 'silent'
}
