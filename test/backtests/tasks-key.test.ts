import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json, Task } from '../../backtests/tasks/task.ts'
import { canonicalJson, plainTask, taskKey } from '../../backtests/tasks/task-key.ts'

const TASK: Task = { kind: 'fold', label: 'a', input: { b: 1, a: [true, null, 'x'] }, needs: ['n'.repeat(64)] }

describe('a task’s key', () => {
  test('is of the kind, the input, the needs and the code', () => {
    const others = [
      taskKey(TASK, 'code'),
      taskKey(TASK, 'other code'),
      taskKey({ ...TASK, kind: 'replay' }, 'code'),
      taskKey({ ...TASK, input: { b: 2, a: [true, null, 'x'] } }, 'code'),
      taskKey({ ...TASK, input: { b: 1, a: [null, true, 'x'] } }, 'code'),
      taskKey({ ...TASK, needs: [] }, 'code'),
    ]
    expect(new Set(others).size).toBe(others.length)
    for (const key of others) expect(key).toMatch(/^[0-9a-f]{64}$/)
  })

  test('is known: results that are kept stay found', () => {
    // By Python: sha256 of {"codeHash":"code","input":{"a":[true,null,"x"],"b":1},"kind":"fold","needs":["n…n"]}.
    expect(taskKey(TASK, 'code')).toBe('8795732347ea59064c55515a5c7d35bde8662e21615257c56e89254ad753da34')
  })

  test('does not depend on the label or on the order of members', () => {
    expect(taskKey({ ...TASK, label: 'b' }, 'code')).toBe(taskKey(TASK, 'code'))
    expect(taskKey({ ...TASK, input: { a: [true, null, 'x'], b: 1 } }, 'code')).toBe(taskKey(TASK, 'code'))
  })

  test('outlives the way through JSON, as does what the task is given', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const input = value as Json
        const sent: Json = JSON.parse(JSON.stringify(input))
        expect(taskKey({ ...TASK, input: sent }, 'code')).toBe(taskKey({ ...TASK, input }, 'code'))
        const plain = JSON.stringify(plainTask({ ...TASK, input }).input)
        expect(plain).toBe(JSON.stringify(plainTask({ ...TASK, input: sent }).input))
      }),
    )
  })

  test('canonical JSON is JSON of the same data', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value, 'it'))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})

describe('no plain data', () => {
  const holed: unknown[] = [1]
  holed.length = 2
  let deep: unknown = 0
  for (let level = 0; level < 200; level += 1) deep = [deep]

  test.each<readonly [string, unknown, RegExp]>([
    ['NaN', { prices: [1, Number.NaN] }, /the input of task 'a'\.prices\[1\] is NaN/],
    ['an infinity', { cap: Number.POSITIVE_INFINITY }, /\.cap is Infinity/],
    ['undefined', { fold: undefined }, /\.fold is undefined/],
    ['a hole', holed, /\[1\] is undefined/],
    ['a bigint', [10n], /\[0\] is 10/],
    ['a date', { at: new Date(0) }, /\.at is a Date/],
    ['a map', new Map(), /is a Map/],
    ['numbers of a typed array', { x: new Float64Array(2) }, /\.x is a Float64Array/],
    ['a function', { f: () => 1 }, /\.f is a function/],
    ['too deep', deep, /nested deeper than 100/],
  ])('%s is refused with its place', (_, input, message) => {
    const task: Task = { ...TASK, input: input as Json }
    expect(() => plainTask(task)).toThrow(message)
    expect(() => taskKey(task, 'code')).toThrow(TypeError)
  })
})
