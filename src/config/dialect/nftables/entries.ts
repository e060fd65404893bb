import type { Located, SourceFile, Span } from '../../../source/source-file.ts'
import { spanOf, type Token } from '../../fw-line.ts'
import { parseCidr, parseSetItem } from './address.ts'
import type { NftAlias, NftSetEntry } from './model.ts'
import { type Findings, refuse, refused } from './refused.ts'
import {
  brief,
  characters,
  debugText,
  indexIn,
  lowerAscii,
  nameEnd,
  trimEnd,
  trimStart,
  wordEnd,
} from './text.ts'

/** Where the lines of a file that are no rules go. */
export type EntryState = {
  readonly file: SourceFile
  readonly findings: Findings
  readonly options: Map<string, Located<string>>
  readonly aliases: Map<string, NftAlias>
}

export function readOption({ file, findings, options }: EntryState, token: Token): void {
  const { text } = file
  const colon = indexIn(text, 0x3a, token.start, token.end)
  if (colon === token.end) {
    refuse(
      findings,
      refused(
        'nftables/option-syntax',
        spanOf(file, token),
        `expected colon separated key and value, found ${debugText(characters(file, token))}`,
        'the line has no colon',
        'write `key: value`',
      ),
    )
    return
  }
  const keyToken = { start: token.start, end: trimEnd(text, token.start, colon) }
  const valueToken = { start: trimStart(text, colon + 1, token.end), end: token.end }
  const key = characters(file, keyToken)
  const earlier = options.get(key)
  if (earlier !== undefined) {
    refuse(
      findings,
      refused(
        'nftables/option-duplicate',
        spanOf(file, token),
        `duplicate option ${debugText(key)}`,
        `\`${key}\` is set twice`,
        'remove one of the two lines',
        [{ span: earlier.span, message: 'the first one' }],
      ),
    )
    return
  }
  options.set(key, { value: characters(file, valueToken), span: spanOf(file, token) })
}

export function readAlias({ file, findings, aliases }: EntryState, token: Token): void {
  const { text } = file
  const line = spanOf(file, token)
  const invalid = (span: Span, error: string, cause: string): void => {
    const help = 'write `name address`, one address or network, optionally with ` # comment`'
    refuse(findings, refused('nftables/alias-invalid', span, error, cause, help))
  }
  const end = nameEnd(text, token.start, token.end)
  if (end === token.start) {
    invalid(line, 'expected an alias name', 'the name of an alias starts with a letter')
    return
  }
  const name = text.slice(token.start, end)
  const start = trimStart(text, end, token.end)
  const value = { start, end: wordEnd(text, start, token.end) }
  if (value.start === value.end) {
    invalid(
      line,
      `expected a value for alias ${debugText(name)}`,
      `the alias \`${name}\` has no address`,
    )
    return
  }
  const cidr = parseCidr(characters(file, value))
  if (typeof cidr === 'string') {
    const cause = `\`${brief(characters(file, value))}\` is no address or network`
    invalid(spanOf(file, value), cidr, cause)
    return
  }
  const rest = { start: trimStart(text, value.end, token.end), end: token.end }
  if (rest.start < rest.end && text.charCodeAt(rest.start) !== 0x23) {
    const error = `trailing characters in alias: ${debugText(characters(file, rest))}`
    invalid(spanOf(file, rest), error, 'something follows the address of an alias')
    return
  }
  const key = lowerAscii(name)
  const earlier = aliases.get(key)
  if (earlier !== undefined)
    refuse(
      findings,
      refused(
        'nftables/alias-duplicate',
        line,
        `duplicate alias: ${characters(file, token)}`,
        `the alias \`${key}\` is defined twice (case does not count)`,
        'remove one of the two lines',
        [{ span: earlier.span, message: 'the first one' }],
      ),
    )
  aliases.set(key, { name: key, cidr, span: line })
}

export function readSetEntry(
  { file, findings }: EntryState,
  entries: NftSetEntry[],
  token: Token,
): void {
  const { text } = file
  const invalid = (at: Token, error: string, cause: string, help: string): void =>
    refuse(findings, refused('nftables/ipset-entry', spanOf(file, at), error, cause, help))
  const nomatch = text.charCodeAt(token.start) === 0x21
  const start = nomatch ? trimStart(text, token.start + 1, token.end) : token.start
  const value = { start, end: wordEnd(text, start, token.end) }
  if (value.start === value.end) {
    invalid(token, 'missing value', 'nothing follows the `!`', 'write an address behind it')
    return
  }
  const item = parseSetItem(characters(file, value))
  if (item === null) {
    const written = characters(file, value)
    invalid(
      value,
      `Invalid address in IPSet: ${written}`,
      `\`${brief(written)}\` is no address, network or alias`,
      'an IPSet has addresses, networks and aliases, one a line; ranges must be written as networks',
    )
    return
  }
  const rest = { start: trimStart(text, value.end, token.end), end: token.end }
  if (rest.start < rest.end && text.charCodeAt(rest.start) !== 0x23) {
    invalid(
      rest,
      `trailing characters in ipset entry: ${debugText(characters(file, rest))}`,
      'something follows the address of an IPSet entry',
      'put a `#` before comments, and each address on a line of its own',
    )
    return
  }
  entries.push({ nomatch, item, span: spanOf(file, token) })
}
