import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/* `npm run bench -- NAME [--json]`: runs test/bench/NAME.ts, which prints its figures as JSON. */

const names = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.replace('.ts', ''))
const [name = '', ...rest] = process.argv.slice(2)
const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url))
if (!names.includes(name) || !existsSync(script)) {
  process.stderr.write(
    `usage: npm run bench -- NAME [--json], with NAME one of ${names.join(', ')}; got ${JSON.stringify(name)}\n`,
  )
  process.exitCode = 1
} else {
  process.exitCode = spawnSync(process.execPath, [script, ...rest], { stdio: 'inherit' }).status ?? 1
}
