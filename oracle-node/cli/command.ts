import { Command, CommanderError } from 'commander'

/** What the shell is told; documented in oracle-node/docs/DATA.md. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const

/** Wrong usage that only the command's own work can see. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** The work went on to its end, and what it found or could not get makes the command fail. It has been printed already. */
export class Failed extends Error {
  override name = 'Failed'
}

/** Stopped by Ctrl-C after it was left in order. */
export class Interrupted extends Error {
  override name = 'Interrupted'
}

/** A command that answers wrong usage with a hint, and help with an example. */
export function newCommand(name: string, description: string, examples: readonly string[] = []): Command {
  const command = new Command(name)
    .description(description)
    .showHelpAfterError('(add --help for the usage)')
    .exitOverride()
  if (examples.length > 0)
    command.addHelpText('after', `\nExamples:\n${examples.map((each) => `  ${each}`).join('\n')}`)
  return command
}

/** The exit code of what a command ended with, and what there is to say of it. */
export function exitOf(error: unknown): { readonly code: number; readonly message?: string } {
  if (error instanceof CommanderError) return { code: error.exitCode === 0 ? EXIT.done : EXIT.usage }
  if (error instanceof Failed) return { code: EXIT.failed, ...(error.message !== '' && { message: error.message }) }
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof UsageError) return { code: EXIT.usage, message: `error: ${message}\n(add --help for the usage)` }
  if (error instanceof Interrupted) return { code: EXIT.interrupted, message }
  return { code: EXIT.failed, message: `error: ${message}${causeOf(error, message)}` }
}

/** What lay behind an error, where its message does not say so itself. */
function causeOf(error: unknown, said: string): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined
  if (cause === undefined) return ''
  return said.includes(cause.message)
    ? causeOf(cause, said)
    : `: ${cause.message}${causeOf(cause, said + cause.message)}`
}
