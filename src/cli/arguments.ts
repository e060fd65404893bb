import yargs, { type Argv } from 'yargs'
import { EDIT_OPTIONS, type EditRequest } from '../edit/parse-edit.ts'
import { CONVERSATIONS } from '../packet/flow/kinds.ts'
import { nearest } from '../source/nearest.ts'
import { EXIT_MEANINGS } from './exit.ts'
import { COMMANDS, type Command, type Option } from './options.ts'
import { VERSION } from './version.ts'

/** Values by option name, as given; positional words under `_`. */
export type Arguments = {
  readonly text: ReadonlyMap<string, string>
  readonly lists: ReadonlyMap<string, readonly string[]>
  readonly flags: ReadonlySet<string>
  readonly verbose: number
  readonly words: readonly string[]
  /** `--set`, `--add` and their like, in the order in which they were given. */
  readonly edits: readonly EditRequest[]
}

export type Invocation =
  | { readonly kind: 'run'; readonly command: Command['name']; readonly given: Arguments }
  /** --help, --version: text for standard output. */
  | { readonly kind: 'show'; readonly text: string }
  /** What is wrong with the command line. */
  | { readonly kind: 'usage'; readonly message: string; readonly command: Command['name'] | null }

/** Reads a command line by the table of options. `columns`: of the terminal, for `--help`. */
export async function readArguments(argv: readonly string[], columns: number): Promise<Invocation> {
  if (argv[0] === '--version') return { kind: 'show', text: `${VERSION}\n` }
  const [first = '-'] = argv
  const command = COMMANDS.find(({ name }) => name === first) ?? null
  if (command === null && !first.startsWith('-'))
    return { kind: 'usage', message: noCommand(first), command: null }
  const given: Given = { values: null }
  const parser = common(command === null ? anyCommand() : oneCommand(command, given), columns)
  parser.fail((message, error) => {
    throw new UsageError(advised(message ?? error?.message ?? 'not understood', command))
  })
  const words = (command === null ? argv : argv.slice(1)).map(arrowFirst)
  let shown = ''
  try {
    await parser.parseAsync(words, {}, (_error: unknown, _argv: unknown, output: string) => {
      shown = output
    })
  } catch (error) {
    if (error instanceof UsageError)
      return { kind: 'usage', message: error.message, command: command?.name ?? null }
    throw error
  }
  const twice = command === null || given.values === null ? null : saidTwice(command, given.values)
  if (command !== null && twice !== null)
    return { kind: 'usage', message: twice, command: command.name }
  if (command !== null && given.values !== null)
    return {
      kind: 'run',
      command: command.name,
      given: argumentsOf(given.values, command.name, argv),
    }
  return { kind: 'show', text: `${shown.trimEnd()}\n` }
}

/** What the command's handler got; null while it was not called. */
type Given = { values: Readonly<Record<string, unknown>> | null }

/** For a line without a command: help, version, advice. */
function anyCommand(): Argv {
  const start = yargs([])
    .scriptName('pvefw')
    .usage('$0 <command>\n\nSimulates packets through a Proxmox VE firewall configuration.')
    .demandCommand(1, 'a command is needed')
    .version(false)
    .option('version', { type: 'boolean', describe: 'show the version' })
  return COMMANDS.reduce<Argv>(
    (parser, { name, positional, summary }) =>
      parser.command(`${name} ${positional}`.trim(), summary),
    start,
  )
}

/**
 * One command's own parser. It is the default command (`$0`) of its parser: yargs renders the help of any other
 * command whenever it runs, which takes 20 ms.
 */
function oneCommand(command: Command, given: Given): Argv {
  const { name, positional, positionalHelp, positionalChoices, summary, options } = command
  const start = yargs([]).scriptName(`pvefw ${name}`)
  for (const { line, what } of command.examples) start.example(line, what)
  return start.usage(`${`$0 ${positional}`.trim()}\n\n${summary}`).command(
    `$0 ${positional}`.trim(),
    false,
    (own) => {
      if (positional !== '')
        own.positional(positionalName(positional), {
          type: 'string',
          describe: positionalHelp,
          ...(positionalChoices.length > 0 ? { choices: positionalChoices } : {}),
        })
      return options.reduce(addOption, own)
    },
    (values) => {
      given.values = values
    },
  )
}

function common(parser: Argv, columns: number): Argv {
  return parser
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
    .help('help', 'show this help')
    .alias('h', 'help')
    .version(false)
    .epilogue(exitCodes())
    .wrap(Math.min(Math.max(columns, 60), 100))
    .exitProcess(false)
}

/** What a lone `-` is called while yargs reads, which takes it for no value of a list. */
const standardInput = '\u0001-'

/** `-> 105` and a lone `->` are packets, not options; `-` is standard input. */
function arrowFirst(word: string): string {
  if (word === '-') return standardInput
  return word.startsWith('->') ? `→${word.slice(2)}` : word
}

/** One line, and for a misspelt option the one that was meant. */
function advised(message: string, command: Command | null): string {
  const text = inOurWords(message.replace(/\n */g, ' '), command)
  const [, unknown = ''] = /^Unknown arguments?: ([a-z-]+)/.exec(text) ?? []
  const names = (command?.options ?? []).flatMap(({ name, alias }) => [name, ...alias])
  const near = unknown === '' ? [] : nearest(unknown, names)
  return near.length === 0 ? text : `${text}; did you mean --${near.join(' or --')}?`
}

/** What yargs says of its own inner life, said of the command line. */
function inOurWords(message: string, command: Command | null): string {
  const [, name = '', value = '', choices = ''] =
    /^Invalid values: Argument: ([^,]+), Given: "(.*)", Choices: (.*)$/.exec(message) ?? []
  if (name !== '') {
    const isWord = command !== null && positionalName(command.positional) === name
    return `${isWord ? name : `--${name}`} cannot be \`${value}\`: ${choices.replaceAll('"', '')}`
  }
  if (message.startsWith('Not enough non-option arguments') && command !== null) {
    const choices = command.positionalChoices.join(', ')
    return `a ${positionalName(command.positional)} is needed${choices === '' ? '' : `: ${choices}`}`
  }
  const [, without = ''] = /^Not enough arguments following: (.+)$/.exec(message) ?? []
  return without === '' ? message : `--${without} needs a value`
}

function noCommand(word: string): string {
  const near = nearest(
    word,
    COMMANDS.map(({ name }) => name),
  )
  return `there is no command \`${word}\`${near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`}`
}

/** An option with two different values: which of them holds would be a guess. */
function saidTwice({ options }: Command, values: Readonly<Record<string, unknown>>): string | null {
  for (const { name, kind } of options) {
    const value = values[name]
    if (kind !== 'text' || !Array.isArray(value)) continue
    const [one, other] = new Set(value.map(String))
    if (other !== undefined) return `--${name} is both \`${one}\` and \`${other}\`: leave one out`
  }
  return null
}

/** Thrown to leave yargs from its fail handler; never leaves this file. */
class UsageError extends Error {}

function addOption(parser: Argv, option: Option): Argv {
  const { name, alias, kind, help, group, choices } = option
  return parser.option(name, {
    alias,
    group,
    describe: help,
    ...(kind === 'text' ? { type: 'string', requiresArg: true } : {}),
    ...(kind === 'edit' ? { type: 'string', requiresArg: true } : {}),
    ...(kind === 'list' ? { type: 'array', string: true, requiresArg: true } : {}),
    ...(kind === 'flag' ? { type: 'boolean' } : {}),
    ...(kind === 'count' ? { type: 'count' } : {}),
    ...(choices.length > 0 ? { choices } : {}),
  })
}

const POSITIONALS = new Set(COMMANDS.map(({ positional }) => positionalName(positional)))

const LISTS = new Set(
  COMMANDS.flatMap(({ options }) => options)
    .filter(({ kind }) => kind === 'list')
    .flatMap(({ name, alias }) => [name, ...alias]),
)

const EDITS: ReadonlySet<string> = new Set(EDIT_OPTIONS)

function asTyped(value: string): string {
  return value === standardInput ? '-' : value
}

/** Where a packet begins among the values of a list that stands before it: `--ruleset FILE 'A -> B'`, `A '->' B`. */
function packetIn(values: readonly string[]): number {
  const at = values.findIndex((value) => /->|→/.test(value))
  if (at === -1) return values.length
  return at > 0 && /^(?:->|→)/.test(values[at] ?? '') ? at - 1 : at
}

/** The same where a conversation begins with its kind: `--ruleset FILE tcp 'A -> B'`. */
function wordsIn(values: readonly string[], command: Command['name']): number {
  const at = packetIn(values)
  const isKind = CONVERSATIONS.some((kind) => kind === values[at - 1])
  return command === 'flow' && isKind && at > 1 ? at - 1 : at
}

/** `[packet..]` -> `packet`. */
function positionalName(positional: string): string {
  return positional.replace(/[^a-z]/g, '')
}

/** Words of the variadic positional and values of the options. */
function argumentsOf(
  given: Readonly<Record<string, unknown>>,
  command: Command['name'],
  argv: readonly string[],
): Arguments {
  const text = new Map<string, string>()
  const lists = new Map<string, readonly string[]>()
  const flags = new Set<string>()
  const words: string[] = []
  for (const [name, value] of Object.entries(given)) {
    if (name === '_' || name === '$0' || EDITS.has(name)) continue
    if (Array.isArray(value)) {
      const said = value.map((one) => asTyped(String(one)))
      if (POSITIONALS.has(name)) words.push(...said)
      else if (LISTS.has(name)) {
        const end = wordsIn(said, command)
        lists.set(name, said.slice(0, end))
        words.push(...said.slice(end))
      } else text.set(name, said.at(-1) ?? '')
    } else if (typeof value === 'string') text.set(name, asTyped(value))
    else if (value === true) flags.add(name)
  }
  const verbose = given['verbose']
  const edits = inOrder(given, argv)
  return { text, lists, flags, words, verbose: typeof verbose === 'number' ? verbose : 0, edits }
}

/** The values of all edits in the order of the command line: yargs keeps that of each option alone. */
function inOrder(
  given: Readonly<Record<string, unknown>>,
  argv: readonly string[],
): readonly EditRequest[] {
  const used = new Map<string, number>()
  return argv.flatMap((word) => {
    const option = EDIT_OPTIONS.find(
      (name) => word === `--${name}` || word.startsWith(`--${name}=`),
    )
    if (option === undefined) return []
    const values = [given[option]].flat()
    const at = used.get(option) ?? 0
    used.set(option, at + 1)
    const value = values[at]
    return typeof value === 'string' ? [{ option, value: asTyped(value) }] : []
  })
}

/** What cannot be together with `--step`; null: it is not said, or goes together. */
export function clashWithStep({ flags, text, lists }: Arguments): string | null {
  if (!flags.has('step')) {
    const lone = ['plain', 'at', 'break'].find(
      (name) => flags.has(name) || text.has(name) || lists.has(name),
    )
    return lone === undefined ? null : `--${lone} needs --step`
  }
  const output = ['json', 'minimal', 'print-script'].find((name) => flags.has(name))
  if (output !== undefined) return `--step shows the answer; leave --${output} out`
  if (text.has('format')) return '--step shows the answer; leave --format out'
  if (text.has('proposed') || flags.has('all'))
    return '--step steps through one packet of one configuration; leave --proposed and --all out'
  if (text.has('batch')) return '--step steps through one packet; leave --batch out'
  if (text.get('backend') === 'both') return '--step shows one backend; the key B flips it'
  return null
}

function exitCodes(): string {
  const rows = EXIT_MEANINGS.map(({ code, meaning }) => `  ${String(code).padStart(2)}  ${meaning}`)
  return ['Exit codes:', ...rows].join('\n')
}
