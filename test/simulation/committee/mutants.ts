import type { Checker } from './checkers.ts'

/** Bugs planted on purpose, to see that the checkers find them. */
export type Mutant =
  /** A disk that forgets everything in a crash. */
  | 'forgetful-disk'
  /** A member that forgets, as soon as it has signed, which report it is bound to. */
  | 'unbound'
  | 'nonces-drawn-twice'
  | 'stopped-clocks'
  /** f + 1 members lie, each by less than others allow. */
  | 'one-liar-more'
  | 'never-heals'

/** By which checker each is to be found; a checker that no bug can reach past another is tried by itself. */
export const FOUND_BY: Readonly<Record<Mutant, Checker>> = {
  'forgetful-disk': 'observes-once-a-round',
  unbound: 'signs-one-report-a-round',
  'nonces-drawn-twice': 'no-nonce-twice',
  'stopped-clocks': 'times-increase',
  'one-liar-more': 'within-the-honest-range',
  'never-heals': 'report-after-healing',
}
