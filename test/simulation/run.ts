import { Command, InvalidArgumentError } from 'commander'
import { BEHAVIOURS, type Behaviour } from './committee/behaviours.ts'
import type { Violation } from './committee/checkers.ts'
import { drawScenario, HEALED_ROUNDS, type Scenario, shrink } from './committee/scenario.ts'
import { simulateCommittee } from './committee/simulate-committee.ts'

/*
 * `npm run simulate -- --seeds 300`: whole committees over several rounds, everything that goes wrong drawn from a seed. A seed that fails is
 * shrunk and printed; `--seed` repeats one and says what happens in it.
 */

type Options = { readonly seeds: number; readonly from: number; readonly seed?: string; readonly json?: boolean }
type Failure = { readonly seed: string; readonly violation: string; readonly shrunk: Scenario }

function whole(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('needs a whole number, 0 or more.')
  return value
}

function shrunk(scenario: Scenario, { checker }: Violation): Scenario {
  return shrink(scenario, (candidate) => simulateCommittee(candidate).violation?.checker === checker)
}

function repeat(seed: string): void {
  const scenario = drawScenario(seed)
  process.stdout.write(`${JSON.stringify(scenario, null, 2)}\n`)
  const { violation, certified } = simulateCommittee(scenario, undefined, (line) => process.stdout.write(`${line}\n`))
  process.stdout.write(
    `${violation?.message ?? `nothing violated; ${certified} rounds certified before the network healed`}\n`,
  )
  if (violation !== undefined) process.exitCode = 1
}

function simulateMany({ seeds, from, json }: Options): void {
  const began = performance.now()
  const failures: Failure[] = []
  const behaviours = new Map<Behaviour, number>(BEHAVIOURS.map((each) => [each, 0]))
  const sizes = new Map<number, number>()
  const healedIn = new Map<number, number>()
  const count = <K>(counts: Map<K, number>, key: K): void => void counts.set(key, (counts.get(key) ?? 0) + 1)
  const sums = { roundsInTheStorm: 0, certified: 0, events: 0, crashes: 0, partitions: 0 }
  for (let index = from; index < from + seeds; index += 1) {
    const seed = `seed ${index}`
    const scenario = drawScenario(seed)
    const { violation, certified, healedIn: healed, events } = simulateCommittee(scenario)
    for (const { behaviour } of scenario.faulty) count(behaviours, behaviour)
    count(sizes, scenario.size)
    if (healed !== undefined) count(healedIn, healed)
    sums.roundsInTheStorm += scenario.rounds - HEALED_ROUNDS
    sums.certified += certified
    sums.events += events
    sums.crashes += scenario.crashes.length
    sums.partitions += scenario.partitions.length
    if (violation !== undefined) {
      failures.push({ seed, violation: violation.message, shrunk: shrunk(scenario, violation) })
      process.stderr.write(`\n${seed}: ${violation.message}\nrepeat it: npm run simulate -- --seed '${seed}'\n`)
    }
    const done = index - from + 1
    if (done % 10 === 0 || done === seeds)
      process.stderr.write(`\r${done} of ${seeds} seeds, ${failures.length} violations `)
  }
  process.stderr.write('\n')
  const result = {
    seeds,
    from,
    violations: failures.length,
    ...sums,
    /** How many rounds it took after the network healed, and in how many committees. */
    roundsToHeal: Object.fromEntries([...healedIn].toSorted(([a], [b]) => a - b)),
    sizes: Object.fromEntries([...sizes].toSorted(([a], [b]) => a - b)),
    behaviours: Object.fromEntries(behaviours),
    seconds: Number(((performance.now() - began) / 1_000).toFixed(1)),
    failures,
  }
  process.stdout.write(`${JSON.stringify(result, null, json === true ? 0 : 2)}\n`)
  if (failures.length > 0) process.exitCode = 1
}

new Command('npm run simulate --')
  .description('Simulates committees with liars, crashes, partitions and bad clocks, and checks every step.')
  .option('--seeds <count>', 'how many', whole, 300)
  .option('--from <number>', 'the first seed’s number', whole, 0)
  .option('--seed <seed>', 'repeat one, and say what happens in it')
  .option('--json', 'print one line of JSON')
  .action((options: Options) => (options.seed === undefined ? simulateMany(options) : repeat(options.seed)))
  .parse()
