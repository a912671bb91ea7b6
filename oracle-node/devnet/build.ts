import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const ROOT = new URL('../../', import.meta.url)
const BUILT = new URL('artifacts/contracts/src/RiskOracle.sol/RiskOracle.json', ROOT)

/** Compiles the contracts when there are no artifacts, or sources newer than them. @throws {Error} with what the compiler said. */
export async function buildContracts(): Promise<void> {
  if (existsSync(BUILT) && statSync(BUILT).mtimeMs > newestSource()) return
  const hardhat = createRequire(import.meta.url)
    .resolve('hardhat/package.json')
    .replace('package.json', 'dist/src/cli.js')
  const built = spawn(process.execPath, [hardhat, 'build'], {
    cwd: fileURLToPath(ROOT),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [built.stdout, built.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
    })
  }
  const code = await new Promise<number | null>((resolve) => built.once('exit', resolve))
  if (code !== 0) throw new Error(`the contracts do not compile:\n${printed}`)
}

function newestSource(): number {
  const folder = new URL('contracts/src/', ROOT)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.sol'))
  return Math.max(...files.map((name) => statSync(new URL(name, folder)).mtimeMs))
}
