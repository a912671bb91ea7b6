/** Keeps what tasks gave, under their keys. */
export type ResultStore = {
  /** Undefined where nothing whole is kept. */
  read(key: string): Promise<Uint8Array | undefined>
  write(key: string, bytes: Uint8Array): Promise<void>
}

/** One whose results, once read or written, are in a folder of this machine, from where other threads read them. */
export type LocalStore = ResultStore & { readonly folder: string }

/** What is near is read there; what only `far` has is kept near from then on. Writes go to both. */
export function layered(near: LocalStore, far: ResultStore): LocalStore {
  return {
    folder: near.folder,
    read: async (key) => {
      const kept = await near.read(key)
      if (kept !== undefined) return kept
      const fetched = await far.read(key)
      if (fetched !== undefined) await near.write(key, fetched)
      return fetched
    },
    write: async (key, bytes) => {
      await near.write(key, bytes)
      await far.write(key, bytes)
    },
  }
}
