import type { Telemetry } from '../../oracle-node/ports/telemetry.ts'

export type LoggedLine = {
  readonly level: string
  readonly event: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** Telemetry that a test reads back. */
export function memoryTelemetry(): Telemetry & {
  readonly lines: LoggedLine[]
  readonly gauges: Map<string, number>
  /** How often a metric was counted with at least these labels. */
  counted(metric: string, labels?: Readonly<Record<string, string>>): number
} {
  const lines: LoggedLine[] = []
  const counts: Array<{ metric: string; labels: Readonly<Record<string, string>> }> = []
  const gauges = new Map<string, number>()
  return {
    lines,
    gauges,
    log: (level, event, fields = {}) => lines.push({ level, event, fields }),
    count: (metric, labels = {}) => counts.push({ metric, labels }),
    gauge: (metric, value) => gauges.set(metric, value),
    counted: (metric, labels = {}) =>
      counts.filter(
        (each) => each.metric === metric && Object.entries(labels).every(([key, value]) => each.labels[key] === value),
      ).length,
  }
}
