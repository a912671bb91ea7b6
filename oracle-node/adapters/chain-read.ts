import type { Rejection } from '../core/market.ts'
import { VenueFault } from './venue-http.ts'

export type Attempt<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: Rejection; readonly detail: string }

/**
 * What a read of a chain came to within its time. Never throws: what is no fault with a name is an answer in a shape that a library
 * choked on.
 */
export async function attempt<T>(timeoutMs: number, read: () => Promise<T>): Promise<Attempt<T>> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new VenueFault('timeout', `no answer within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return { ok: true, value: await Promise.race([read(), late]) }
  } catch (error) {
    const detail = (error instanceof Error ? error.message : String(error)).slice(0, 300)
    return { ok: false, reason: error instanceof VenueFault ? error.reason : 'malformed', detail }
  } finally {
    clearTimeout(timer)
  }
}

/** The result, or `undefined` where the contract refuses the call: it has no such function, or reverts. */
export async function unlessRefused<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result
  } catch (error) {
    if (error instanceof VenueFault && error.reason === 'refused') return undefined
    throw error
  }
}
