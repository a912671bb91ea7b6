import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { DepthCoefficients } from '../../models/baselines/depth.ts'

const REGISTRY = new URL('../../models/registry.json', import.meta.url)
const schema = z.object({
  models: z.object({
    depth: z.object({
      coefficients: z.strictObject({
        scale: z.number().positive(),
        sigmaFloor: z.number().positive(),
        lowQuantileShare: z.number().positive(),
        capUsd: z.number().positive(),
      }),
    }),
  }),
})

/** The coefficients of the depth model that ships: of `depth.onnx`, as the registry records them. */
export function committedDepth(): DepthCoefficients {
  return schema.parse(JSON.parse(readFileSync(REGISTRY, 'utf8'))).models.depth.coefficients
}
