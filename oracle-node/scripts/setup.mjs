// Installs what package-lock.json says when node_modules is missing or older. Plain JavaScript without dependencies: it runs
// before anything is installed, under whatever Node the machine has. npm itself must run under Node 22 or newer while it
// installs, or it silently leaves out Hardhat's native part; `npm ci` is not used, since it refuses a lockfile without the
// optional packages of platforms that the registry at hand does not carry.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const lockfile = join(root, 'package-lock.json')
const installed = join(root, 'node_modules', '.package-lock.json')

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lockfile).mtimeMs) {
  const [major = 0] = process.versions.node.split('.').map(Number)
  if (major < 20) {
    console.error(
      `Plimsoll needs Node.js 20 or newer to set itself up (it then runs on its own Node 24); this is ${process.version}.`,
    )
    process.exit(1)
  }
  console.error('Setting up: installing the packages of package-lock.json (once; about a minute) …')
  const install = 'npm install --no-save --no-audit --no-fund --loglevel=error'
  const result = spawnSync('npx', ['--yes', '--loglevel=error', '-p', 'node@24', '-p', 'npm@11', '-c', install], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if (result.status !== 0) {
    console.error('Setting up failed: see the lines above. Is the package registry reachable?')
    process.exit(result.status ?? 1)
  }
  const now = new Date()
  utimesSync(installed, now, now)
}
