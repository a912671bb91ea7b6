import { basename } from 'node:path'
import type { Bounds, Parameter, PolicyConfig } from '../../oracle-node/core/policy.ts'

/** Whose records a policy reads: the model that ships, RiskMetrics' EWMA, or the ranges of the last days (Parkinson). */
export type Forecaster = 'plimsoll' | 'ewma' | 'range'

type Named = {
  /** Where two policies of one kind are compared, each needs its own. */
  readonly id?: string
  readonly title?: string
}

/** What governance would set; what is left out is as in `policy-defaults.ts`. */
type StewardSettings = {
  readonly config?: Partial<PolicyConfig>
  readonly bounds?: Readonly<Partial<Record<Parameter, Partial<Bounds>>>>
  /** False leaves the caps where the setup has them. */
  readonly moveCaps?: boolean
  /** Records an hour that the chain would have had; 4 when absent. */
  readonly roundsPerHour?: number
}

/** A policy whose code is ours. */
export type BuiltInChoice =
  /** `gapBps`: how far the threshold stands above the LTV at most; as Aave had it when absent. */
  | (Named & { readonly kind: 'static'; readonly gapBps?: number })
  | (Named & StewardSettings & { readonly kind: 'plimsoll' | 'ewma' })
  | (Named & StewardSettings & { readonly kind: 'smart-ltv'; readonly reads?: Forecaster })

/** The user's own, from a TypeScript or JavaScript file. */
export type FunctionChoice = Named & {
  readonly kind: 'function'
  readonly path: string
  readonly reads?: Forecaster | 'none'
}

export type PolicyChoice = BuiltInChoice | FunctionChoice

/** What a report and a run need to know of a policy before it runs. */
export type PolicyFacts = {
  readonly id: string
  readonly title: string
  /** What turning the knob up means. */
  readonly knob: string
  readonly defaultKnob: number
  readonly reads: Forecaster | 'none'
}

const SHORTFALL_KNOB = 'factor on the expected shortfall: 1 is the published formula, more is more cautious'

/**
 * The confidence that SmartLTV's own public calculator starts at (backstop-protocol/risk-oracle-frontend, LTVCalculator.js, 2023), where it is
 * called low; its other two, 50 and 100, leave an LTV below .2 where a day's σ is 3 % and the cap what can be sold. No figure is canonical: the
 * contract's own tests use .1 to 5, and its data layer overstates σ (DESIGN §2).
 */
const SMART_LTV_CONFIDENCE = 10

const BUILT_IN: Readonly<Record<BuiltInChoice['kind'], Omit<PolicyFacts, 'id'>>> = {
  static: {
    title: 'Static, as Aave had it',
    knob: 'bps that LTV and threshold are below what Aave had; less than 0 is looser',
    defaultKnob: 0,
    reads: 'none',
  },
  plimsoll: { title: 'Plimsoll', knob: SHORTFALL_KNOB, defaultKnob: 1, reads: 'plimsoll' },
  ewma: { title: 'EWMA rule', knob: SHORTFALL_KNOB, defaultKnob: 1, reads: 'ewma' },
  'smart-ltv': {
    title: 'SmartLTV',
    knob: 'confidence factor c: more is more cautious',
    defaultKnob: SMART_LTV_CONFIDENCE,
    reads: 'range',
  },
}

export function policyFacts(choice: PolicyChoice): PolicyFacts {
  if (choice.kind === 'function') {
    const id = choice.id ?? basename(choice.path).replace(/\.[^.]*$/, '')
    return {
      id,
      title: choice.title ?? id,
      knob: 'whatever the policy makes of it',
      defaultKnob: 1,
      reads: choice.reads ?? 'plimsoll',
    }
  }
  const facts = BUILT_IN[choice.kind]
  return {
    ...facts,
    id: choice.id ?? choice.kind,
    title: choice.title ?? facts.title,
    reads: choice.kind === 'smart-ltv' ? (choice.reads ?? facts.reads) : facts.reads,
  }
}
