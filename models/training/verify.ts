import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { sha256Hex } from './manifest.ts'
import { trainModels } from './pipeline.ts'
import { RECORDED_DATA, withProgressBar } from './train.ts'

const ROOT = new URL('../../', import.meta.url)

/** Where a file that training makes is committed. */
function committedPath(file: string): string {
  return fileURLToPath(
    new URL(file === 'training-manifest.json' ? 'data/manifests/training.json' : `models/${file}`, ROOT),
  )
}

/** Which code the committed models say that they were trained by: what is compared is what it gives, not its name. */
function committedCode(): string {
  const registry: unknown = JSON.parse(readFileSync(committedPath('registry.json'), 'utf8'))
  const models = (registry as { readonly models: Readonly<Record<string, { readonly codeCommit: string }>> }).models
  return Object.values(models)[0]?.codeCommit ?? ''
}

/** `npm run models:verify`: trains again, in memory, and compares every byte with what is committed. Fails on any difference. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { data: { type: 'string' } } })
  const { files } = await withProgressBar((progress) =>
    trainModels(values.data ?? RECORDED_DATA, progress, committedCode()),
  )
  const faults = [...files].flatMap(([file, bytes]) => {
    const path = committedPath(file)
    if (!existsSync(path)) return [`${file}: not committed; run models:train`]
    const committed = sha256Hex(readFileSync(path))
    const trained = sha256Hex(bytes)
    console.log(`${committed === trained ? 'same   ' : 'DIFFERS'} ${trained}  ${file}`)
    return committed === trained ? [] : [`${file}: committed ${committed}, trained ${trained}`]
  })
  if (faults.length === 0) return
  console.error(`The committed models are not what this code and data give:\n${faults.join('\n')}`)
  process.exitCode = 1
}

if (import.meta.main) await main()
