import { resolve } from 'node:path'
import type { Tree } from '../config/tree.ts'
import { escapeText } from '../render/escape.ts'
import { EXIT, type ExitCode } from './exit.ts'
import type { Io } from './io.ts'
import { COMMANDS, type Command, type Completes, type Option } from './options.ts'

/**
 * Answers a shell's question: the words of the line so far, the last one unfinished (maybe empty); one candidate a
 * line. Nothing to offer means a file name. Never fails: a shell would show the complaint in the middle of a line.
 */
export async function complete(words: readonly string[], io: Io): Promise<ExitCode> {
  const line = words.slice(1)
  const current = line.at(-1) ?? ''
  const candidates = await candidatesFor(line.slice(0, -1), current, io)
  const fitting = [...new Set(candidates)].filter(
    (text) => text.startsWith(current) && isPlain(text),
  )
  io.stdout.write(fitting.map((text) => `${text}\n`).join(''))
  return EXIT.answered
}

/** A name that a shell can take as it is; a name with blanks or controls would do harm. */
function isPlain(text: string): boolean {
  return /^[^\s'"\\$`;&|<>(){}*?!#~]+$/.test(text) && escapeText(text) === text
}

async function candidatesFor(
  before: readonly string[],
  current: string,
  io: Io,
): Promise<readonly string[]> {
  const command = COMMANDS.find(({ name }) => name === before[0])
  if (command === undefined) return [...COMMANDS.map(({ name }) => name), '--help', '--version']
  const equals = current.startsWith('--') ? current.indexOf('=') : -1
  if (equals > 0) {
    const name = current.slice(0, equals)
    const values = await valuesOf(optionNamed(command, name), before, io)
    return values.map((value) => `${name}=${value}`)
  }
  const waiting = optionNamed(command, before.at(-1) ?? '')
  if (waiting !== null && (waiting.kind === 'text' || waiting.kind === 'list'))
    return valuesOf(waiting, before, io)
  if (current.startsWith('-')) return [...command.options.map(({ name }) => `--${name}`), '--help']
  const { positionalChoices, positionalCompletes } = command
  if (positionalChoices.length > 0) return positionalChoices
  return dynamic(positionalCompletes, before, io)
}

function optionNamed(command: Command, word: string): Option | null {
  const name = word.replace(/^--?/, '')
  if (name === word) return null
  return command.options.find((one) => one.name === name || one.alias.includes(name)) ?? null
}

async function valuesOf(
  option: Option | null,
  before: readonly string[],
  io: Io,
): Promise<readonly string[]> {
  if (option === null) return []
  return option.choices.length > 0 ? option.choices : dynamic(option.completes, before, io)
}

async function dynamic(
  completes: Completes,
  before: readonly string[],
  io: Io,
): Promise<readonly string[]> {
  switch (completes) {
    case 'protocol': {
      const { PROTOCOL_NAMES } = await import('../packet/protocol.ts')
      return PROTOCOL_NAMES
    }
    case 'code': {
      const { CODES } = await import('./commands/explain.ts')
      return CODES
    }
    case 'state':
      return ['new', 'established', 'related', 'invalid']
    case 'conversation': {
      const { CONVERSATIONS } = await import('../packet/flow/kinds.ts')
      return [...CONVERSATIONS, ...namesOf('endpoint', await readTree(before, io))]
    }
    case 'guest':
    case 'node':
    case 'endpoint':
      return namesOf(completes, await readTree(before, io))
    default:
      return []
  }
}

function namesOf(completes: 'guest' | 'node' | 'endpoint', tree: Tree | null): readonly string[] {
  const fixed = completes === 'endpoint' ? ['host', 'outside'] : []
  if (tree === null) return fixed
  if (completes === 'node') return tree.nodes
  if (completes === 'guest') return tree.guests.map(({ vmid }) => String(vmid))
  return [
    ...fixed,
    ...tree.guests.flatMap(({ vmid, type, name }) => [
      String(vmid),
      `${type === 'qemu' ? 'vm' : 'ct'}${vmid}`,
      ...(name === null ? [] : [name]),
    ]),
    ...tree.network.interfaces
      .filter(({ kind }) => kind === 'bridge' || kind === 'ovs-bridge')
      .map(({ name }) => `outside:${name}`),
    ...tree.nodes.filter((name) => name !== tree.node),
  ]
}

/** The configuration that the line names; null where none can be read. */
async function readTree(before: readonly string[], io: Io): Promise<Tree | null> {
  const said = (name: string): string | null => {
    const at = before.lastIndexOf(`--${name}`)
    const joined = before.findLast((word) => word.startsWith(`--${name}=`))
    return joined?.slice(name.length + 3) ?? (at === -1 ? null : (before[at + 1] ?? null))
  }
  const { loadTree } = await import('../config/load.ts')
  const root = resolve(io.cwd, said('root') ?? '/')
  const options = { guest: null, hostIp: null, localNetwork: null }
  const { tree } = loadTree({ ...options, root, node: said('node') })
  return tree
}
