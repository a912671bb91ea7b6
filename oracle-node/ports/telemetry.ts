/** What an operator sees: structured log lines and counters. Nothing here may carry a secret. */
export type Telemetry = {
  log(level: 'debug' | 'info' | 'warn' | 'error', event: string, fields?: Readonly<Record<string, unknown>>): void
  count(metric: CounterName, labels?: Readonly<Record<string, string>>): void
  gauge(metric: GaugeName, value: number, labels?: Readonly<Record<string, string>>): void
}

export type CounterName =
  | 'plimsoll_source_rejections_total'
  | 'plimsoll_abstentions_total'
  | 'plimsoll_rounds_certified_total'
  | 'plimsoll_blames_total'
  | 'plimsoll_messages_rejected_total'
  | 'plimsoll_transactions_total'

export type GaugeName =
  | 'plimsoll_round'
  | 'plimsoll_volatility_bps'
  | 'plimsoll_expected_shortfall99_bps'
  | 'plimsoll_depth_usd'
  | 'plimsoll_observe_seconds'
  | 'plimsoll_certificate_seconds'
