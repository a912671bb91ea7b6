import { fileURLToPath } from 'node:url'
import { defineConfig } from 'hardhat/config'

/** The compiler comes from the `solc` package, so a build needs the package registry only. */
const solc = fileURLToPath(import.meta.resolve('solc/soljson.js'))

export default defineConfig({
  solidity: {
    compilers: [
      {
        version: '0.8.30',
        path: solc,
        settings: {
          // prague is what the test chain runs; no opcode after cancun is used.
          evmVersion: 'cancun',
          // An oracle is deployed once and updated for years, so run cost outweighs size.
          optimizer: { enabled: true, runs: 1_000_000 },
          viaIR: true,
        },
      },
    ],
  },
  paths: {
    sources: { solidity: ['./contracts/src', './contracts/examples', './contracts/harness'] },
    tests: { solidity: './contracts/test' },
    artifacts: './artifacts',
    cache: './cache',
  },
  networks: {
    devnet: {
      type: 'edr-simulated',
      chainType: 'l1',
      chainId: 31_337,
      hardfork: 'prague',
      mining: { auto: true },
    },
  },
  test: {
    solidity: {
      // The seed is fixed so that a red run can be repeated.
      fuzz: { runs: 256, seed: '0x706c696d736f6c6c' },
    },
  },
})
