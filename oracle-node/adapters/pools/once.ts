/** A read that is made once, and again only when it failed: for what a contract never changes. */
export function once<T>(read: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined
  return () => {
    done ??= read().catch((error: unknown) => {
      done = undefined
      throw error
    })
    return done
  }
}
