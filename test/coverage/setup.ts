import { markTestWorkerDone } from 'hardhat/internal/coverage'
import { afterAll } from 'vitest'
import { RUN_ID } from './run-id.ts'

// Each file's hits are written when it is done; the run adds them up.
afterAll(async () => markTestWorkerDone(RUN_ID))
