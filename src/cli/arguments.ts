import yargs, { type Argv } from 'yargs'
import { nearest } from '../source/nearest.ts'
import { EXIT_MEANINGS } from './exit.ts'
import { COMMANDS, type Command, type Option } from './options.ts'
import { VERSION } from './version.ts'

/** Values by option name, as given; positional words under `_`. */
export type Arguments = {
  readonly text: ReadonlyMap<string, string>
  readonly flags: ReadonlySet<string>
  readonly verbose: number
  readonly words: readonly string[]
}

export type Invocation =
  | { readonly kind: 'run'; readonly command: Command['name']; readonly given: Arguments }
  /** --help, --version: text for standard output. */
  | { readonly kind: 'show'; readonly text: string }
  /** What is wrong with the command line. */
  | { readonly kind: 'usage'; readonly message: string; readonly command: Command['name'] | null }

/** Reads a command line by the table of options. `columns`: of the terminal, for `--help`. */
export async function readArguments(argv: readonly string[], columns: number): Promise<Invocation> {
  const called: { command: Command['name'] | null; given: Record<string, unknown> | null } = {
    command: null,
    given: null,
  }
  const parser = COMMANDS.reduce<Argv>(
    (built, command) => addCommand(built, command, called),
    yargs([]).scriptName('pvefw'),
  )
    .usage('$0 <command>\n\nSimulates packets through a Proxmox VE firewall configuration.')
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'boolean-negation': false,
      'populate--': false,
    })
    .locale('en')
    .strict()
    .recommendCommands()
    .demandCommand(1, 'a command is needed')
    .help('help', 'show this help')
    .alias('h', 'help')
    .version('version', 'show the version', VERSION)
    .epilogue(exitCodes())
    .wrap(Math.min(Math.max(columns, 60), 100))
    .exitProcess(false)
    .fail((message, error) => {
      throw new UsageError(advised(message ?? error?.message ?? 'not understood', called.command))
    })
  let shown = ''
  try {
    await parser.parseAsync(
      argv.map(arrowFirst),
      {},
      (_error: unknown, _argv: unknown, output: string) => {
        shown = output
      },
    )
  } catch (error) {
    if (error instanceof UsageError)
      return { kind: 'usage', message: error.message, command: called.command }
    throw error
  }
  if (called.given !== null && called.command !== null)
    return { kind: 'run', command: called.command, given: argumentsOf(called.given) }
  return { kind: 'show', text: `${shown.trimEnd()}\n` }
}

/** `-> 105` and a lone `->` are packets, not options. */
function arrowFirst(word: string): string {
  return word.startsWith('->') ? `→${word.slice(2)}` : word
}

/** One line, and for a misspelt option the one that was meant. */
function advised(message: string, command: Command['name'] | null): string {
  const text = message.replace(/\n */g, ' ')
  const [, unknown = ''] = /^Unknown arguments?: ([a-z-]+)/.exec(text) ?? []
  const options = COMMANDS.find(({ name }) => name === command)?.options ?? []
  const names = options.flatMap(({ name, alias }) => [name, ...alias])
  const near = unknown === '' ? [] : nearest(unknown, names)
  return near.length === 0 ? text : `${text}; did you mean --${near.join(' or --')}?`
}

/** Thrown to leave yargs from its fail handler; never leaves this file. */
class UsageError extends Error {}

function addCommand(
  parser: Argv,
  command: Command,
  called: { command: Command['name'] | null; given: Record<string, unknown> | null },
): Argv {
  return parser.command(
    `${command.name} ${command.positional}`.trim(),
    command.summary,
    (own) => {
      called.command = command.name
      const withPositional =
        command.positional === ''
          ? own
          : own.positional(positionalName(command.positional), {
              type: 'string',
              describe: command.positionalHelp,
              ...(command.positionalChoices.length > 0
                ? { choices: command.positionalChoices }
                : {}),
            })
      for (const { line, what } of command.examples) withPositional.example(line, what)
      withPositional.epilogue(exitCodes())
      return command.options.reduce(addOption, withPositional)
    },
    (given) => {
      called.given = given
    },
  )
}

function addOption(parser: Argv, option: Option): Argv {
  const { name, alias, kind, help, group, choices } = option
  return parser.option(name, {
    alias,
    group,
    describe: help,
    ...(kind === 'text' ? { type: 'string', requiresArg: true } : {}),
    ...(kind === 'flag' ? { type: 'boolean' } : {}),
    ...(kind === 'count' ? { type: 'count' } : {}),
    ...(choices.length > 0 ? { choices } : {}),
  })
}

const POSITIONALS = new Set(COMMANDS.map(({ positional }) => positionalName(positional)))

/** `[packet..]` -> `packet`. */
function positionalName(positional: string): string {
  return positional.replace(/[^a-z]/g, '')
}

/** Words of the variadic positional and values of the options; of a repeated option the last one. */
function argumentsOf(given: Readonly<Record<string, unknown>>): Arguments {
  const text = new Map<string, string>()
  const flags = new Set<string>()
  const words: string[] = []
  for (const [name, value] of Object.entries(given)) {
    if (name === '_' || name === '$0') continue
    if (Array.isArray(value)) {
      if (POSITIONALS.has(name)) words.push(...value.map(String))
      else text.set(name, String(value.at(-1)))
    } else if (typeof value === 'string') text.set(name, value)
    else if (value === true) flags.add(name)
  }
  const verbose = given['verbose']
  return { text, flags, words, verbose: typeof verbose === 'number' ? verbose : 0 }
}

function exitCodes(): string {
  const rows = EXIT_MEANINGS.map(({ code, meaning }) => `  ${String(code).padStart(2)}  ${meaning}`)
  return ['Exit codes:', ...rows].join('\n')
}
