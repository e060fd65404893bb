import type { Asking, Said } from '../firewall/flow/converse.ts'
import type { ConntrackEntry } from '../netfilter/conntrack.ts'
import { CLOSINGS, CONVERSATIONS, type Conversation, FTP_MODES } from '../packet/flow/kinds.ts'
import { parseScript, parseTime } from '../packet/flow/parse-script.ts'
import { readConntrack } from '../read/conntrack.ts'
import type { Diagnostic } from '../source/diagnostic.ts'
import type { Arguments } from './arguments.ts'
import type { Io } from './io.ts'
import { readText } from './texts.ts'

/** Why a command line says no conversation: a sentence, or complaints about a file. */
export type NoConversation =
  | { readonly kind: 'usage'; readonly message: string }
  | { readonly kind: 'wrong'; readonly diagnostics: readonly Diagnostic[] }

/** What a command line wants said, but for the ends; and complaints that do not stand in its way. */
export type ConversationRead = {
  readonly kind: 'read'
  readonly said: Said
  readonly wayBack: Asking['wayBack']
  readonly conntrack: readonly ConntrackEntry[]
  readonly warnings: readonly Diagnostic[]
  /** The command line without the kind of conversation: words of a packet only. */
  readonly packet: Arguments
}

/** The conversation of a command line: its kind or its script, and how it goes. */
export async function readConversation(
  given: Arguments,
  io: Io,
): Promise<ConversationRead | NoConversation> {
  const { text, words } = given
  const [first = ''] = words
  const conversation = CONVERSATIONS.find((kind) => kind === first) ?? null
  const packet = conversation === null ? given : { ...given, words: words.slice(1) }
  const script = text.get('script')
  const said =
    script === undefined ? usual(given, conversation) : await scripted(script, conversation, io)
  if (said.kind === 'usage' || said.kind === 'wrong') return said
  const dump = text.get('conntrack')
  const conntrack = dump === undefined ? NOTHING : await dumped(dump, io)
  if (conntrack.kind !== 'read') return conntrack
  return {
    kind: 'read',
    said,
    wayBack: {
      from: text.get('reply-from') ?? null,
      to: text.get('reply-to') ?? null,
      via: text.get('return-via') ?? null,
    },
    conntrack: conntrack.entries,
    warnings: conntrack.warnings,
    packet,
  }
}

const NOTHING = { kind: 'read', entries: [], warnings: [] } as const

function usual(given: Arguments, conversation: Conversation | null): Said | NoConversation {
  const { text } = given
  const later = text.get('answer-after')
  const answerAfter = later === undefined ? 0 : parseTime(later)
  if (answerAfter === null)
    return usage(`--answer-after \`${later}\` is no time: write 200ms, 31s, 10m, 2h or 5d`)
  return {
    kind: 'usual',
    conversation,
    options: {
      close: CLOSINGS.find((how) => how === text.get('close')) ?? 'fin',
      mode: FTP_MODES.find((mode) => mode === text.get('mode')) ?? null,
      answerAfter,
    },
  }
}

async function scripted(
  name: string,
  conversation: Conversation | null,
  io: Io,
): Promise<Said | NoConversation> {
  if (conversation !== null)
    return usage(`what is said comes from --script; leave ${conversation} out`)
  const file = await readText(name, io)
  if ('message' in file) return usage(file.message)
  const { value, diagnostics } = parseScript(file)
  return diagnostics.length > 0 ? { kind: 'wrong', diagnostics } : { kind: 'script', script: value }
}

type Dumped = {
  readonly kind: 'read'
  readonly entries: readonly ConntrackEntry[]
  readonly warnings: readonly Diagnostic[]
}

/** A dump of which no line can be read is none. */
async function dumped(name: string, io: Io): Promise<Dumped | NoConversation> {
  const file = await readText(name, io)
  if ('message' in file) return usage(file.message)
  const { value, diagnostics } = readConntrack(file)
  if (value.length === 0 && diagnostics.length > 0) return { kind: 'wrong', diagnostics }
  return { kind: 'read', entries: value, warnings: diagnostics }
}

function usage(message: string): NoConversation {
  return { kind: 'usage', message }
}

/** Options of which only one makes sense; null: they go together. */
export function clashInConversation({ text, flags, lists }: Arguments): string | null {
  if (flags.has('json') && flags.has('minimal')) return '--json and --minimal: choose one'
  if (lists.has('ruleset') && text.get('backend') === 'both')
    return '--ruleset is what one backend left on the node; leave --backend both out'
  const inputs = ['script', 'conntrack'].filter((name) => text.get(name) === '-')
  if (lists.get('ruleset')?.includes('-') === true) inputs.push('ruleset')
  if (inputs.length > 1) return `--${inputs.join(' and --')} cannot all be standard input`
  if (!text.has('then')) {
    const lone = ['then-after', 'expect-anew'].find((name) => text.has(name))
    if (lone !== undefined) return `--${lone} needs --then`
  }
  const generated = ['close', 'mode', 'answer-after'].find((name) => text.has(name))
  if (text.has('script') && generated !== undefined)
    return `--${generated} is for a usual conversation, not for a script`
  const ways = ['reply-from', 'reply-to'].some((name) => text.has(name))
  if (text.has('return-via') && ways)
    return '--return-via says both ends of the way back; leave --reply-from and --reply-to out'
  return null
}
