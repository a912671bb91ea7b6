import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'

/*
 * `npm test`: every check, cheap ones first, each run even when one before it failed. The last line adds up what every runner
 * counted; a check without a runner of its own (types, format, …) counts as one.
 */

type Count = { passed: number; failed: number; skipped: number }
type Stage = {
  readonly name: string
  readonly command: readonly string[]
  /** How many tests the command ran, from what it printed or wrote. */
  readonly count?: (output: string, ok: boolean) => Count
}

const VITEST_REPORT = 'coverage/vitest.json'
const one = (ok: boolean): Count => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 })

function vitestCount(_output: string, ok: boolean): Count {
  try {
    const report = JSON.parse(readFileSync(VITEST_REPORT, 'utf8'))
    const counted = {
      passed: Number(report.numPassedTests),
      failed: Number(report.numFailedTests),
      skipped: Number(report.numPendingTests) + Number(report.numTodoTests),
    }
    // A file that fails to load holds no failed test, and is a failure all the same.
    return ok || counted.failed > 0 ? counted : { ...counted, failed: 1 }
  } catch {
    return one(false)
  } finally {
    rmSync(VITEST_REPORT, { force: true })
  }
}

function hardhatCount(output: string, ok: boolean): Count {
  const passed = Number(/(\d+) passing/.exec(output)?.[1] ?? 0)
  const failed = Number(/(\d+) failing/.exec(output)?.[1] ?? 0)
  return ok || failed > 0 ? { passed, failed, skipped: 0 } : { passed, failed: 1, skipped: 0 }
}

const vitest = (project: string, ...more: string[]): readonly string[] => [
  'vitest',
  'run',
  '--project',
  project,
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${VITEST_REPORT}`,
  ...more,
]

const STAGES: readonly Stage[] = [
  { name: 'format and lint (TypeScript)', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'format (Solidity)', command: ['prettier', '--check', 'contracts/**/*.sol'] },
  { name: 'lint (Solidity)', command: ['solhint', 'contracts/**/*.sol', '--max-warnings', '0', '--noPoster'] },
  { name: 'types', command: ['tsc'] },
  { name: 'dead code', command: ['knip'] },
  { name: 'contracts build', command: ['hardhat', 'build'] },
  { name: 'contracts (Solidity, fuzz)', command: ['hardhat', 'test', 'solidity'], count: hardhatCount },
  { name: 'unit, property, differential', command: vitest('unit', '--coverage'), count: vitestCount },
  { name: 'end to end, real processes', command: vitest('e2e'), count: vitestCount },
  { name: 'network namespaces', command: vitest('network'), count: vitestCount },
  { name: 'coverage of the contracts', command: ['node', 'test/coverage/contracts.ts'] },
]

async function run(stage: Stage): Promise<Count> {
  const [program = '', ...args] = stage.command
  process.stdout.write(`\n── ${stage.name}: ${stage.command.slice(0, 4).join(' ')}\n`)
  const started = performance.now()
  let output = ''
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, FORCE_COLOR: '0' } })
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      process.stdout.write(chunk)
    })
  }
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(127))
    child.once('close', resolve)
  })
  const ok = code === 0
  const counted = stage.count?.(output, ok) ?? one(ok)
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  process.stdout.write(`── ${stage.name}: ${counted.passed} passed, ${counted.failed} failed (${seconds} s)\n`)
  return counted
}

const only = process.argv[2]
const total: Count = { passed: 0, failed: 0, skipped: 0 }
for (const stage of STAGES.filter(({ name }) => only === undefined || name.includes(only))) {
  const counted = await run(stage)
  total.passed += counted.passed
  total.failed += counted.failed
  total.skipped += counted.skipped
}
const skipped = total.skipped === 0 ? '' : `, ${total.skipped} skipped`
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
