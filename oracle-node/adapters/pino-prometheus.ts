import { pino } from 'pino'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { CounterName, GaugeName, Telemetry } from '../ports/telemetry.ts'

const COUNTERS: Record<CounterName, { help: string; labels: string[] }> = {
  plimsoll_source_rejections_total: {
    help: 'Data of a venue that was not used, by reason',
    labels: ['source', 'reason'],
  },
  plimsoll_abstentions_total: {
    help: 'Assets that this node did not judge in a round, by reason',
    labels: ['asset', 'reason'],
  },
  plimsoll_fallbacks_total: {
    help: 'Assets that this node judged by the baseline in a round, by reason',
    labels: ['asset', 'reason'],
  },
  plimsoll_rounds_certified_total: { help: 'Rounds that ended with a certificate here', labels: [] },
  plimsoll_evidence_total: {
    help: 'Proofs that a member broke the protocol, by member and kind.',
    labels: ['node', 'kind'],
  },
  plimsoll_blames_total: {
    help: 'Faults of other members that this node saw, by member and reason',
    labels: ['node', 'reason'],
  },
  plimsoll_messages_rejected_total: { help: 'Messages of other members that were not understood', labels: ['node'] },
  plimsoll_transactions_total: {
    help: 'Transactions of this node, by purpose and outcome',
    labels: ['purpose', 'outcome'],
  },
  plimsoll_book_gaps_total: {
    help: 'Times that a followed order book was found out of step with its venue and asked for anew',
    labels: ['venue'],
  },
  plimsoll_stream_reconnects_total: { help: 'Times that a WebSocket to a venue was lost', labels: ['venue'] },
  plimsoll_stream_messages_rejected_total: {
    help: 'Messages of a venue’s WebSocket that could not be read',
    labels: ['venue'],
  },
  plimsoll_store_failures_total: { help: 'Looks at the markets that the store did not take', labels: [] },
  plimsoll_audit_failures_total: { help: 'Rounds whose record the audit log did not take', labels: [] },
}

const GAUGES: Record<GaugeName, { help: string; labels: string[] }> = {
  plimsoll_round: { help: 'The newest round that this node has a certificate of', labels: [] },
  plimsoll_volatility_bps: { help: 'Annualised volatility of the newest report, basis points', labels: ['asset'] },
  plimsoll_expected_shortfall99_bps: { help: '99 % expected shortfall over 24 h, basis points', labels: ['asset'] },
  plimsoll_calibration_ln_multiplier: {
    help: 'Natural logarithm of what an asset’s value at risk and shortfall are stretched by; 0 is as the model says',
    labels: ['asset'],
  },
  plimsoll_depth_usd: { help: 'USD that can be sold before the price falls 2 %', labels: ['asset'] },
  plimsoll_sources_used: { help: 'Sources that a price rests on', labels: ['asset'] },
  plimsoll_market_depth_usd: {
    help: 'USD that moves the price so far over all books and pools now, by side and basis points',
    labels: ['asset', 'side', 'move_bps'],
  },
  plimsoll_slippage_bps: {
    help: 'What selling so many USD loses against the mid now, basis points; NaN where the books do not take it',
    labels: ['asset', 'size_usd'],
  },
  plimsoll_reference_deviation_bps: {
    help: 'How far the price lies above a fresh reference feed, basis points',
    labels: ['asset'],
  },
  plimsoll_reserve_utilisation_bps: {
    help: 'Debt of a reserve over liquidity and debt, basis points',
    labels: ['asset'],
  },
  plimsoll_reserve_supply_cap_use_bps: {
    help: 'Supply over its cap, basis points; NaN without one',
    labels: ['asset'],
  },
  plimsoll_reserve_borrow_cap_use_bps: { help: 'Debt over its cap, basis points; NaN without one', labels: ['asset'] },
  plimsoll_reserve_available_usd: { help: 'USD that can be borrowed or withdrawn from a reserve', labels: ['asset'] },
  plimsoll_observe_seconds: { help: 'From the start of a round to this node’s observation', labels: [] },
  plimsoll_certificate_seconds: { help: 'From the start of a round to its certificate', labels: [] },
  plimsoll_clock_offset_seconds: {
    help: 'How far this node’s clock is ahead of the others’, negative behind',
    labels: [],
  },
  plimsoll_books_in_step: { help: 'Followed order books that are in step with their venue now', labels: ['venue'] },
}

/** Names that no line may show a value of, should one ever slip into its fields. */
const SECRETS = ['passphrase', 'operatorKey', 'share', 'tlsKeyPem']

/** JSON lines to a file, and metrics for Prometheus; `metrics` renders them as text. */
export function pinoPrometheus(options: {
  readonly node: number
  readonly logFile?: string
  readonly level?: string
}): Telemetry & { readonly metrics: () => Promise<string>; readonly metricsType: string } {
  // Synchronous on purpose: the last lines before a crash are those that an operator needs.
  const destination = pino.destination({ dest: options.logFile ?? 1, sync: true, mkdir: true })
  const log = pino(
    {
      level: options.level ?? 'info',
      base: { node: options.node },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: SECRETS.flatMap((name) => [name, `*.${name}`]),
    },
    destination,
  )
  const registry = new Registry()
  registry.setDefaultLabels({ node: String(options.node) })
  collectDefaultMetrics({ register: registry })
  const counters = new Map(
    Object.entries(COUNTERS).map(([name, { help, labels }]) => [
      name,
      new Counter({ name, help, labelNames: labels, registers: [registry] }),
    ]),
  )
  const gauges = new Map(
    Object.entries(GAUGES).map(([name, { help, labels }]) => [
      name,
      new Gauge({ name, help, labelNames: labels, registers: [registry] }),
    ]),
  )
  return {
    log: (level, event, fields = {}) => log[level]({ event, ...fields }),
    count: (metric, labels = {}) => counters.get(metric)?.inc({ ...labels }),
    gauge: (metric, value, labels = {}) => gauges.get(metric)?.set({ ...labels }, value),
    metrics: () => registry.metrics(),
    metricsType: registry.contentType,
  }
}
