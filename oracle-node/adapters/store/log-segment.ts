import { open } from 'node:fs/promises'

/** One file of the log while it is written to. */
export type LogSegment = {
  /** Resolves when the operating system has the frame, so that it outlives the process; `written` is called first, in order. */
  append(frame: Buffer, written: () => void): Promise<void>
  /** Resolves when every frame appended before is on the disk. */
  flush(): Promise<void>
  /** After the last frame is on the disk. */
  close(): Promise<void>
  bytes(): number
}

type Waiting = {
  readonly frame: Buffer
  readonly written: () => void
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Frames that came while the disk was busy are written together, and synced together at most `syncMilliseconds` after the first.
 * @throws {Error} when the file is there already.
 */
export async function openLogSegment(path: string, syncMilliseconds: number): Promise<LogSegment> {
  const file = await open(path, 'ax', 0o644)
  let size = 0
  let synced = 0
  let failure: Error | undefined
  let waiting: Waiting[] = []
  let isPumping = false
  let timer: NodeJS.Timeout | undefined
  const write = async (batch: readonly Waiting[]): Promise<void> => {
    const [only] = batch
    const bytes = batch.length === 1 && only !== undefined ? only.frame : Buffer.concat(batch.map(({ frame }) => frame))
    try {
      if (failure !== undefined) throw failure
      await file.appendFile(bytes)
      size += bytes.length
      for (const each of batch) each.written()
      for (const each of batch) each.resolve()
      timer ??= setTimeout(() => void sync().catch(() => undefined), syncMilliseconds).unref()
    } catch (error) {
      // A full disk takes a part: what is appended next must not stand behind half a frame.
      await file.truncate(size).catch(() => undefined)
      for (const each of batch) each.reject(error)
    }
  }
  const pump = async (): Promise<void> => {
    isPumping = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      await write(batch)
    }
    isPumping = false
  }
  const sync = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    if (failure !== undefined) throw failure
    const upTo = size
    if (synced >= upTo) return
    try {
      await file.datasync()
      synced = Math.max(synced, upTo)
    } catch (cause) {
      // The kernel may have dropped the pages, so that a later success would prove nothing.
      failure = new Error(`the disk did not take ${path}; open the store again once it is well`, { cause })
      throw failure
    }
  }
  const append = (frame: Buffer, written: () => void): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.push({ frame, written, resolve, reject })
      if (!isPumping) void pump()
    })
  const flush = async (): Promise<void> => {
    // Nothing, put behind everything that waits already: whoever goes on appending keeps nobody waiting here.
    await append(Buffer.alloc(0), () => undefined)
    await sync()
  }
  return {
    append,
    flush,
    close: async () => {
      try {
        await flush()
      } finally {
        clearTimeout(timer)
        await file.close()
      }
    },
    bytes: () => size,
  }
}
