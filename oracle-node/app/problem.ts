import type { Response } from 'express'

/** RFC 9457, without a type of its own: status and detail say all there is. */
export function sendProblem(
  response: Response,
  problem: { readonly title: string; readonly status: number; readonly detail: string; readonly reason?: string },
): void {
  response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem))
}
