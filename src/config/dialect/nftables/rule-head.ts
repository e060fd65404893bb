import type { Located, SourceFile } from '../../../source/source-file.ts'
import { spanOf, type Token } from '../../fw-line.ts'
import { findMacro } from '../../macros.ts'
import type { ConfigVerdict } from './model.ts'
import { type Refused, refused } from './refused.ts'
import { characters, debugText, nameEnd, trimStart } from './text.ts'

/** What a rule line says before its options. */
export type Head = {
  readonly direction: 'in' | 'out' | 'forward'
  readonly verdict: ConfigVerdict
  readonly macro: Located<string> | null
  /** Offset of the options. */
  readonly end: number
}

const DIRECTIONS: ReadonlyMap<string, Head['direction']> = new Map([
  ['IN', 'in'],
  ['OUT', 'out'],
  ['FORWARD', 'forward'],
])
const VERDICTS: ReadonlySet<string> = new Set<ConfigVerdict>(['ACCEPT', 'DROP', 'REJECT'])

/** `DIRECTION VERDICT` or `DIRECTION Macro(VERDICT)`, without blanks in the latter. */
export function parseHead(file: SourceFile, start: number, end: number): Head | Refused {
  const { text } = file
  const word = { start, end: nameEnd(text, start, end) }
  if (word.start === word.end)
    return refused(
      'nftables/rule-syntax',
      spanOf(file, { start, end }),
      'expected a direction',
      'the rule does not start with a direction',
      text.charCodeAt(start) === 0x7c
        ? 'one `|` is enough to disable a rule'
        : 'a rule starts with IN, OUT, FORWARD or GROUP',
    )
  const direction = DIRECTIONS.get(text.slice(word.start, word.end).toUpperCase())
  if (direction === undefined) return badDirection(file, word)
  const first = { start: trimStart(text, word.end, end), end: 0 }
  first.end = nameEnd(text, first.start, end)
  if (first.start === first.end)
    return refused(
      'nftables/rule-verdict',
      spanOf(file, { start, end }),
      'expected a verdict or macro name',
      `no verdict follows \`${text.slice(word.start, word.end)}\``,
      'write ACCEPT, DROP, REJECT or Macro(VERDICT)',
    )
  if (text.charCodeAt(first.end) !== 0x28 || first.end >= end) {
    const verdict = verdictOf(file, first)
    return typeof verdict === 'string'
      ? { direction, verdict, macro: null, end: first.end }
      : verdict
  }
  const second = { start: first.end + 1, end: nameEnd(text, first.end + 1, end) }
  if (second.start === second.end)
    return badCall(file, { start: first.start, end: second.end }, 'expected a verdict')
  if (text.charCodeAt(second.end) !== 0x29 || second.end >= end)
    return badCall(
      file,
      { start: first.start, end: second.end },
      "expected closing ')' after verdict",
    )
  const verdict = verdictOf(file, second)
  if (typeof verdict !== 'string') return verdict
  const macro = { value: text.slice(first.start, first.end), span: spanOf(file, first) }
  return { direction, verdict, macro, end: second.end + 1 }
}

function badDirection(file: SourceFile, word: Token): Refused {
  const text = characters(file, word)
  return refused(
    'nftables/rule-direction',
    spanOf(file, word),
    `invalid direction: ${debugText(text)}, expect 'IN', 'OUT' or 'FORWARD'`,
    `\`${text}\` is no direction`,
    text.toUpperCase() === 'GROUP'
      ? 'write `GROUP` in upper case'
      : 'a rule starts with IN, OUT, FORWARD or GROUP',
  )
}

function verdictOf(file: SourceFile, token: Token): ConfigVerdict | Refused {
  const text = characters(file, token)
  const upper = text.toUpperCase()
  if (isVerdict(upper)) return upper
  const slash = file.text.startsWith('/3(', token.end) && upper === 'HTTP'
  return refused(
    'nftables/rule-verdict',
    spanOf(file, token),
    `invalid verdict ${debugText(text)}, expected one of 'ACCEPT', 'REJECT' or 'DROP'`,
    slash
      ? 'the macro `HTTP/3` exists but cannot be written in a rule'
      : `\`${text}\` is no verdict`,
    slash
      ? 'write the rule without it: `-p udp -dport 443`'
      : findMacro(text) === null
        ? 'write ACCEPT, DROP, REJECT or Macro(VERDICT)'
        : `a macro needs its verdict: \`${findMacro(text)?.name ?? text}(ACCEPT)\``,
  )
}

function isVerdict(text: string): text is ConfigVerdict {
  return VERDICTS.has(text)
}

function badCall(file: SourceFile, token: Token, error: string): Refused {
  return refused(
    'nftables/rule-verdict',
    spanOf(file, token),
    error,
    'the verdict of the macro is not in brackets',
    'write `Macro(VERDICT)` without blanks',
  )
}
