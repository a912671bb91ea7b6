/**
 * Runs tasks in the order they come, so many at once. A task that fails ends only itself: what to do about it is its own to know.
 */
export function taskQueue(concurrency: number): (task: () => Promise<unknown>) => void {
  const waiting: Array<() => Promise<unknown>> = []
  let running = 0
  const next = (): void => {
    const task = running < concurrency ? waiting.shift() : undefined
    if (task === undefined) return
    running++
    task()
      .catch(() => undefined)
      .finally(() => {
        running--
        next()
      })
  }
  return (task) => {
    waiting.push(task)
    next()
  }
}
