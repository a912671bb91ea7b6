import { spawn } from 'node:child_process'
import { RUN_ID } from './run-id.ts'

/*
 * `npm run coverage:contracts`: which lines of the contracts the tests in TypeScript reach, on an instrumented build. Most
 * behaviour of the contracts is tested there, against real signatures and the real Aave; Hardhat reports its Solidity tests alone.
 */

process.env['HARDHAT_COVERAGE'] = 'true'
// Imported after the variable is set, and built in this process: Hardhat keeps the map from instrumented code to lines in memory.
const { default: hre } = await import('hardhat')
const { markTestRunDone, markTestRunStart } = await import('hardhat/internal/coverage')

async function run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: environment })
  return await new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)))
}

await hre.tasks.getTask('build').run({ force: true })
await markTestRunStart(RUN_ID)
const suites = ['test/contracts', 'test/differential']
const code = await run('vitest', ['run', '--project', 'unit', '--reporter=dot', ...suites], process.env)
await markTestRunDone(RUN_ID)
// Instrumented artifacts cost more gas and must not stay.
const { HARDHAT_COVERAGE: _off, ...plain } = process.env
process.exitCode = (await run('hardhat', ['build', '--force'], plain)) || code
