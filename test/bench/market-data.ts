import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { benchFeatures } from './market-data/features.ts'
import { benchStore } from './market-data/store.ts'
import { benchStreams } from './market-data/streams.ts'

/*
 * `npm run bench -- market-data [--json] [--save]`: what following, storing and using market data costs, each beside a peer in the
 * same run. `--save` writes the figures that the README quotes.
 */

const STREAM_SECONDS = 30
const SAVED = new URL('results/market-data.json', import.meta.url)

async function stage<T>(name: string, work: () => Promise<T>): Promise<T> {
  process.stderr.write(`${name} …\n`)
  return work()
}

const features = await stage('features: parse to feature vector', benchFeatures)
const streams = await stage(`streams: twice ${STREAM_SECONDS} s and their warm-up`, () =>
  benchStreams({ seconds: STREAM_SECONDS }),
)
const store = await stage('store: a day of 500 symbols', benchStore)
const figures = {
  bench: 'market-data',
  machine: { cores: cpus().length, cpu: cpus()[0]?.model, node: process.version },
  streams,
  features,
  store,
  limit:
    'the servers, the peer and other work share the two cores: quote ratios. A stream costs reading its socket and JSON first; a query the files it opens.',
}
if (process.argv.includes('--save')) writeFileSync(SAVED, `${JSON.stringify(figures, null, 2)}\n`)
process.stdout.write(`${JSON.stringify(figures, null, process.argv.includes('--json') ? 0 : 2)}\n`)
