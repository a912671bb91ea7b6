#!/usr/bin/env node
// The `plimsoll` command. Plain JavaScript without dependencies: it runs under whatever Node the machine has, installs the packages
// when they are missing, and hands over to the project's own Node.
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import './setup.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
const program = join(root, 'oracle-node', 'cli', 'main.ts')

const child = spawn(node, ['--disable-warning=ExperimentalWarning', program, ...process.argv.slice(2)], {
  stdio: 'inherit',
})
// A terminal's Ctrl-C reaches the child by itself as well; it takes a signal twice for one.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  console.error(`plimsoll could not start its own Node at ${node}: ${error.message}\nRun: npm run setup`)
  process.exitCode = 1
})
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 1)
})
