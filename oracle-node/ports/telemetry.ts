/** What an operator sees: structured log lines and counters. Nothing here may carry a secret. */
export type Telemetry = {
  log(level: 'debug' | 'info' | 'warn' | 'error', event: string, fields?: Readonly<Record<string, unknown>>): void
  count(metric: CounterName, labels?: Readonly<Record<string, string>>): void
  gauge(metric: GaugeName, value: number, labels?: Readonly<Record<string, string>>): void
}

export type CounterName =
  | 'plimsoll_source_rejections_total'
  | 'plimsoll_abstentions_total'
  | 'plimsoll_fallbacks_total'
  | 'plimsoll_rounds_certified_total'
  | 'plimsoll_blames_total'
  | 'plimsoll_evidence_total'
  | 'plimsoll_messages_rejected_total'
  | 'plimsoll_transactions_total'
  | 'plimsoll_store_failures_total'
  | 'plimsoll_audit_failures_total'
  | 'plimsoll_book_gaps_total'
  | 'plimsoll_stream_reconnects_total'
  | 'plimsoll_stream_messages_rejected_total'

export type GaugeName =
  | 'plimsoll_round'
  | 'plimsoll_volatility_bps'
  | 'plimsoll_expected_shortfall99_bps'
  | 'plimsoll_depth_usd'
  | 'plimsoll_calibration_ln_multiplier'
  | 'plimsoll_sources_used'
  | 'plimsoll_market_depth_usd'
  | 'plimsoll_slippage_bps'
  | 'plimsoll_reference_deviation_bps'
  | 'plimsoll_reserve_utilisation_bps'
  | 'plimsoll_reserve_supply_cap_use_bps'
  | 'plimsoll_reserve_borrow_cap_use_bps'
  | 'plimsoll_reserve_available_usd'
  | 'plimsoll_observe_seconds'
  | 'plimsoll_certificate_seconds'
  | 'plimsoll_books_in_step'
  | 'plimsoll_clock_offset_seconds'
