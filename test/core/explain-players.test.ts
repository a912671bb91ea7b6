import { expect, test } from 'vitest'
import { featurePlayers, featureWords, playerValue } from '../../oracle-node/core/explain-players.ts'
import { FEATURE_COUNT, FEATURE_SPEC, RETURNS_OFFSET } from '../../oracle-node/core/feature-spec.ts'

test('every value of a vector belongs to one player', () => {
  const places = featurePlayers().flatMap(({ indexes }) => indexes)
  expect(places.toSorted((a, b) => a - b)).toEqual([...Array(FEATURE_COUNT).keys()])
})

test('the returns are three players by their age, and a player of returns stands at the move over its span', () => {
  const values = Array.from({ length: FEATURE_COUNT }, (_, index) => index - RETURNS_OFFSET)
  const spans = featurePlayers().slice(FEATURE_SPEC.scalars.length)
  expect(spans.map(({ name, indexes }) => [name, indexes.length])).toEqual([
    ['returns_1h', 1],
    ['returns_24h', 23],
    ['returns_7d', 144],
  ])
  expect(spans.map((player) => playerValue(player, values))).toEqual([167, (23 * (144 + 166)) / 2, (144 * 143) / 2])
})

test('every feature has words of its own, and an unknown one is called by its name', () => {
  const players = featurePlayers()
  expect(players.filter(({ name, words }) => words === name.replaceAll('_', ' ')).map(({ name }) => name)).toEqual([])
  expect(new Set(players.map(({ words }) => words)).size).toBe(players.length)
  expect(featureWords('some_new_feature')).toBe('some new feature')
})
