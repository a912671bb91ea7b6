import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // Only where the contracts are built with Hardhat's instrumentation: see test/coverage/contracts.ts.
          setupFiles: process.env['HARDHAT_COVERAGE'] === 'true' ? ['test/coverage/setup.ts'] : [],
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/network/**'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        // Each of these runs a whole network of processes: one at a time, or they starve each other on two cores.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        // Real processes in network namespaces, with faults of the network itself: needs root and iproute2.
        test: {
          name: 'network',
          include: ['test/network/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
        },
      },
    ],
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['oracle-node/core/**', 'oracle-node/protocol/**'],
      reporter: ['text-summary', 'json-summary'],
      reportsDirectory: 'coverage',
    },
  },
})
