import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pinoPrometheus } from '../../oracle-node/adapters/pino-prometheus.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

function started(level?: string) {
  // In a folder that is not there yet: a new node has none.
  const logFile = join(temporaryFolder(), 'logs', 'node.log')
  const telemetry = pinoPrometheus({ node: 3, logFile, ...(level === undefined ? {} : { level }) })
  const lines = (): Array<Record<string, unknown>> =>
    readFileSync(logFile, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  return { telemetry, lines, text: () => readFileSync(logFile, 'utf8') }
}

test('a line is JSON with node, ISO time, event and fields, on the disk when the call returns', () => {
  const { telemetry, lines } = started()
  telemetry.log('warn', 'member-at-fault', { member: 2, reason: 'silent' })
  expect(lines()).toHaveLength(1)
  expect(lines()[0]).toMatchObject({ node: 3, event: 'member-at-fault', member: 2, reason: 'silent', level: 40 })
  expect(lines()[0]?.['time']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
})

test('lines below the level are left out', () => {
  const { telemetry, lines } = started('warn')
  for (const level of ['debug', 'info', 'warn', 'error'] as const) telemetry.log(level, level)
  expect(lines().map(({ event }) => event)).toEqual(['warn', 'error'])
})

test('a secret that slips into a field does not reach the log, at the top or one level down', () => {
  const { telemetry, text } = started()
  const secrets = { passphrase: 'hunter2', operatorKey: 'hunter2', share: 'hunter2', tlsKeyPem: 'hunter2' }
  telemetry.log('error', 'slip', secrets)
  telemetry.log('error', 'slip', { secrets })
  expect(text()).not.toContain('hunter2')
  expect(text()).toContain('[Redacted]')
})

test('counters count by label and gauges hold the last value, under the node’s own label', async () => {
  const { telemetry } = started()
  telemetry.count('plimsoll_blames_total', { node: '2', reason: 'silent' })
  telemetry.count('plimsoll_blames_total', { node: '2', reason: 'silent' })
  telemetry.count('plimsoll_rounds_certified_total')
  telemetry.gauge('plimsoll_round', 7)
  telemetry.gauge('plimsoll_round', 8)
  telemetry.gauge('plimsoll_depth_usd', 5, { asset: 'WETH' })
  const text = await telemetry.metrics()
  expect(telemetry.metricsType).toContain('text/plain')
  expect(text).toMatch(/^plimsoll_blames_total\{node="2",reason="silent"\} 2$/m)
  expect(text).toMatch(/^plimsoll_rounds_certified_total\{node="3"\} 1$/m)
  expect(text).toMatch(/^plimsoll_round\{node="3"\} 8$/m)
  expect(text).toMatch(/^plimsoll_depth_usd\{asset="WETH",node="3"\} 5$/m)
  expect(text).toContain('process_resident_memory_bytes')
})

test('two nodes in one process keep their metrics apart', async () => {
  const [one, two] = [started().telemetry, started().telemetry]
  one.count('plimsoll_rounds_certified_total')
  expect(await two.metrics()).toMatch(/^plimsoll_rounds_certified_total\{node="3"\} 0$/m)
})
