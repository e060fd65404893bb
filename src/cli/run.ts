import { escapeText } from '../render/escape.ts'
import { unreachable } from '../source/unreachable.ts'
import type { Arguments } from './arguments.ts'
import { EXIT, type ExitCode } from './exit.ts'
import type { Io } from './io.ts'
import type { Command } from './options.ts'

/**
 * Runs one command line and returns its exit code. Everything it says goes through `io`; nothing is thrown: what
 * no command foresaw is reported as a bug of ours. What a command needs is imported when it runs.
 */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  try {
    return await dispatch(argv, io)
  } catch (error) {
    io.stderr.write(bugReport(error, io))
    return EXIT.bug
  }
}

async function dispatch(argv: readonly string[], io: Io): Promise<ExitCode> {
  if (argv[0] === '--get-yargs-completions') {
    const { complete } = await import('./complete.ts')
    return complete(argv.slice(1), io)
  }
  const { readArguments } = await import('./arguments.ts')
  const invocation = await readArguments(argv, io.stdout.columns ?? 80)
  switch (invocation.kind) {
    case 'show':
      io.stdout.write(invocation.text)
      return EXIT.answered
    case 'usage': {
      const { usageError } = await import('./usage.ts')
      return usageError(io, invocation.message, invocation.command)
    }
    case 'run': {
      const command = await load(invocation.command)
      return command(invocation.given, io)
    }
    default:
      return unreachable(invocation)
  }
}

type Handler = (given: Arguments, io: Io) => Promise<ExitCode>

async function load(command: Command['name']): Promise<Handler> {
  switch (command) {
    case 'trace':
      return (await import('./commands/trace.ts')).trace
    case 'flow':
      return (await import('./commands/flow.ts')).flow
    case 'step':
      return (await import('./commands/step.ts')).step
    case 'verify':
      return (await import('./commands/verify.ts')).verify
    case 'drift':
      return (await import('./commands/drift.ts')).drift
    case 'audit':
      return (await import('./commands/audit.ts')).audit
    case 'plan':
      return (await import('./commands/plan.ts')).plan
    case 'diff':
      return (await import('./commands/diff.ts')).diff
    case 'lint':
      return (await import('./commands/lint.ts')).lint
    case 'find':
      return (await import('./commands/find.ts')).find
    case 'matrix':
      return (await import('./commands/matrix.ts')).matrix
    case 'compile':
      return (await import('./commands/compile.ts')).compile
    case 'backends':
      return (await import('./commands/backends.ts')).backends
    case 'explain':
      return (await import('./commands/explain.ts')).explain
    case 'man':
      return (await import('./commands/man.ts')).man
    case 'completion':
      return (await import('./commands/completion.ts')).completion
    default:
      return unreachable(command)
  }
}

function bugReport(error: unknown, io: Io): string {
  const what = error instanceof Error ? error.message : String(error)
  const debug = (io.env['PVEFW_DEBUG'] ?? '') !== ''
  const stack = debug && error instanceof Error ? safeStack(error) : ''
  return (
    `pvefw: this is a bug in pvefw: ${escapeText(what)}\n` +
    stack +
    'Please report it with the command line and, if you can, the configuration; PVEFW_DEBUG=1 shows where it happened.\n'
  )
}

function safeStack(error: Error): string {
  const lines = (error.stack ?? '').split('\n')
  return `${lines.map(escapeText).join('\n')}\n`
}
