import type { Diagnostic } from '../../../source/diagnostic.ts'
import type { Span } from '../../../source/source-file.ts'
import { commentStart, find, type Line, skip, skipBack, spanOf } from '../../fw-line.ts'
import { complain, prefixOf, printed, quoted } from './complaints.ts'
import { lower, SPACE } from './perl.ts'
import { addressTerm, type OpenFile, type OpenIpSet } from './reading.ts'
import { readCidr } from './terms.ts'
import { unknownAliasHelp } from './unknown-name.ts'

/** Reads a line of [ALIASES] (`parse_alias`): a name, exactly one white space byte, an address. */
export function readAliasLine(line: Line, file: OpenFile): void {
  const { text } = file.source
  const hash = commentStart(text, line)
  const end = hash < line.end ? skipBack(text, line.start, hash, SPACE) : line.end
  const nameEnd = find(text, line.start, end, SPACE)
  const addressStart = nameEnd + 1
  const addressEnd = find(text, addressStart, end, SPACE)
  const isPair = nameEnd > line.start && addressEnd > addressStart && addressEnd === end
  if (!isPair) {
    badAlias(line, end, file)
    return
  }
  const name = text.slice(line.start, nameEnd)
  const found = readCidr(text.slice(addressStart, addressEnd))
  if (found === null) {
    const span = { file: file.source, start: addressStart, end: addressEnd }
    badAliasAddress(line, span, text.slice(addressStart, addressEnd), file)
    return
  }
  const key = lower(name)
  const earlier = file.aliases?.get(key)
  const span = { file: file.source, start: line.start, end }
  if (earlier !== undefined) aliasAgain(earlier.span, span, name, file)
  file.aliases?.set(key, { name, ...found, span })
}

const NOT_AN_ADDRESS = 'value does not look like a valid IP address or CIDR network'

/** Silent but for a warning of Perl about the name it does not find. */
function badAlias(line: Line, end: number, file: OpenFile): void {
  const words = file.source.text.slice(line.start, end)
  complain(
    file.complaints,
    'warning',
    'config/bad-alias',
    { file: file.source, start: line.start, end },
    () => ({
      message: `${quoted(words)} defines no alias`,
      help: aliasHelp(words),
    }),
    ['Use of uninitialized value in lc at PVE/Firewall.pm line 3544.'],
  )
}

function aliasHelp(words: string): string {
  if (words.endsWith('\r')) return 'save the file with Unix line ends'
  if (/^[^\t\n\v\f\r ]+[\t\n\v\f\r ]{2,}[^\t\n\v\f\r ]+$/.test(words))
    return 'exactly one blank stands between name and address'
  return 'an alias is a name, one blank, and an address or network: `office 192.168.1.0/24`'
}

function badAliasAddress(line: Line, span: Span, value: string, file: OpenFile): void {
  complain(
    file.complaints,
    'warning',
    'config/bad-address',
    span,
    () => ({
      message: `${quoted(value)} is not an address or network`,
      help: 'an alias holds one address or network; for several, or a range, define an IPSET',
    }),
    [`${prefixOf(line, file)}: ${NOT_AN_ADDRESS}`],
  )
}

function aliasAgain(earlier: Span, span: Span, name: string, file: OpenFile): void {
  complain(file.complaints, 'warning', 'config/alias-redefined', earlier, () => ({
    message: `this definition of ${quoted(name)} has no effect: a later one replaces it`,
    help: 'keep one of the definitions; letter case does not tell names apart',
    related: [{ span, message: 'defined again here' }],
  }))
}

/**
 * Reads a line of an IPSET: `[!] ADDRESS` or `[!] ALIAS`. A line with an error is kept, as it counts for the
 * size of the set. `known` holds the texts of the section so far.
 */
export function readIpSetLine(
  line: Line,
  set: OpenIpSet,
  known: Set<string>,
  file: OpenFile,
): void {
  const { text } = file.source
  const end = commentStart(text, line)
  const bang = text.charCodeAt(line.start) === BANG
  const afterBang = skip(text, bang ? line.start + 1 : line.start, end, SPACE)
  // A lone `!` is an address, and a bad one.
  const start = afterBang === end ? line.start : afterBang
  const tokenEnd = find(text, start, end, SPACE)
  const isOne = skip(text, tokenEnd, end, SPACE) === end
  const written = text.slice(start, tokenEnd)
  const title = () =>
    `${prefixOf(line, file)} - errors in ipset '${set.name}': ${text.slice(line.start, end)}`
  if (!isOne) {
    const error = twoWords(line, end, title(), file)
    known.add('')
    set.entries.push({ cidr: '', nomatch: true, span: spanOf(file.source, line), error })
    return
  }
  const { cidr, fault } = readEntry(written, known, file)
  const span = { file: file.source, start, end: tokenEnd }
  const error = fault === null ? null : complainOfEntry(fault, span, title(), file)
  known.add(cidr)
  set.entries.push({ cidr, nomatch: bang && start > line.start, span, error })
}

const BANG = 0x21

type EntryFault = {
  readonly kind: 'address' | 'alias' | 'duplicate' | 'zero'
  readonly says: string
  readonly cidr: string
}

/** The text that is kept and the first thing wrong with it; `/0` outdoes everything else. */
function readEntry(
  written: string,
  known: ReadonlySet<string>,
  file: OpenFile,
): { readonly cidr: string; readonly fault: EntryFault | null } {
  const term = addressTerm(file.reading, written)
  let cidr = written
  let fault: EntryFault | null = null
  if (term.kind === 'alias') {
    if (!resolves(term.scope, lower(term.name), file))
      fault = { kind: 'alias', says: `no such alias '${term.name}'`, cidr: term.name }
  } else {
    const found = readCidr(written)
    if (found === null) fault = { kind: 'address', says: NOT_AN_ADDRESS, cidr }
    else cidr = found.cidr
  }
  if (fault === null && known.has(cidr))
    fault = { kind: 'duplicate', says: `duplicate ipset entry for '${cidr}'`, cidr }
  if (/\/0+$/.test(cidr))
    fault = { kind: 'zero', says: 'a zero prefix is not allowed in ipset entries', cidr }
  return { cidr, fault }
}

/** `resolve_alias` while reading: in cluster.fw also `guest/x` finds the cluster's alias. */
function resolves(scope: 'dc/' | 'guest/' | '', key: string, file: OpenFile): boolean {
  if (scope !== 'dc/') {
    file.aliases ??= new Map()
    if (file.aliases.has(key)) return true
  }
  return scope !== 'guest/' && file.cluster?.aliases?.has(key) === true
}

const ENTRY_CODES = {
  address: 'config/bad-ipset-entry',
  alias: 'config/unknown-alias',
  duplicate: 'config/duplicate-ipset-entry',
  zero: 'config/zero-prefix',
} as const

function complainOfEntry(
  { kind, says, cidr }: EntryFault,
  span: Span,
  title: string,
  file: OpenFile,
): Diagnostic {
  return complain(
    file.complaints,
    'warning',
    ENTRY_CODES[kind],
    span,
    () => ({ message: entryMessage(kind, cidr), help: entryHelp(kind, cidr, file) }),
    printed(title, `  cidr: ${says}`),
  )
}

function entryMessage(kind: EntryFault['kind'], cidr: string): string {
  switch (kind) {
    case 'alias':
      return `no alias ${quoted(cidr)} is defined so far`
    case 'duplicate':
      return `${quoted(cidr)} stands in this set already`
    case 'zero':
      return `a set cannot hold ${quoted(cidr)}`
    default:
      return `${quoted(cidr)} is not an address, network or alias`
  }
}

function entryHelp(kind: EntryFault['kind'], cidr: string, file: OpenFile): string {
  switch (kind) {
    case 'alias':
      return unknownAliasHelp(file, file.cluster, cidr)
    case 'duplicate':
      return 'remove one of the lines; `!` does not make them different'
    case 'zero':
      return 'write two halves: `0.0.0.0/1` and `128.0.0.0/1` (`::/1` and `8000::/1`)'
    default:
      if (cidr.startsWith('+')) return 'sets cannot hold other sets'
      if (cidr.includes('-')) return 'sets hold no ranges: write the networks that make it up'
      if (cidr.includes(',')) return 'write one address per line'
      return 'write an address or network such as 10.0.0.0/8, or an alias'
  }
}

/** The line does not match, and Perl goes on with what earlier matches left in its variables: nothing. */
function twoWords(line: Line, end: number, title: string, file: OpenFile): Diagnostic {
  const words = file.source.text.slice(line.start, end)
  const missing = (where: string, at: number) =>
    `Use of uninitialized value $cidr in ${where} at PVE/Firewall.pm line ${at}.`
  return complain(
    file.complaints,
    'warning',
    'config/bad-ipset-entry',
    {
      file: file.source,
      start: line.start,
      end: skipBack(file.source.text, line.start, end, SPACE),
    },
    () => ({
      message: `${quoted(words)} is not one address`,
      help: 'write one address per line; a comment starts with `#`',
    }),
    printed(
      ...[3577, 3398, 3401, 3592].map((at) => missing('pattern match (m//)', at)),
      title,
      `  cidr: ${NOT_AN_ADDRESS}`,
      missing('hash element', 3609),
    ),
  )
}
