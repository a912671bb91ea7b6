import { folderResults } from '../../backtests/tasks/folder-results.ts'
import { runTasks } from '../../backtests/tasks/run-tasks.ts'
import { taskKey } from '../../backtests/tasks/task-key.ts'
import { churn } from './queue-perform.ts'

/* A process that does twelve slow tasks into the folder given, for a test that kills it on the way: it says which are done. */

const [folder = ''] = process.argv.slice(2)

await runTasks({
  tasks: Array.from({ length: 12 }, (_, index) => churn(`slow ${index}`, { seed: index, waitMs: 150 })),
  keyOf: (task) => taskKey(task, 'code'),
  store: folderResults(folder),
  perform: new URL('./queue-perform.ts', import.meta.url),
  jobs: 2,
  onProgress: ({ state, label }) => process.stdout.write(`${state} ${label}\n`),
})
