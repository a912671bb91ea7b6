import { vi } from 'vitest'

// Thousands of cases a test, on a machine that others may share.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
