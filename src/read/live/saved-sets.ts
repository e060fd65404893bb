import { parseAddr } from '../../ip/address.ts'
import { parseCidr, rangeOf } from '../../ip/prefix.ts'
import type { RestoreLine } from '../../netfilter/restore.ts'
import type { AddressElement, NfSet } from '../../netfilter/ruleset.ts'
import type { Report } from './report.ts'
import { mostElements, type SavedSet } from './set-lines.ts'

/** Types of sets whose elements are addresses and nothing else. */
const ADDRESS_TYPES: ReadonlySet<string> = new Set(['hash:ip', 'hash:net', 'bitmap:ip'])

/**
 * The sets of `ipset save` by name. Sets of ports, interfaces or pairs are left out: what they match is not known then.
 */
export function readSavedSets(
  saved: readonly SavedSet[],
  report: Report,
): ReadonlyMap<string, NfSet> {
  const sets = new Map<string, NfSet>()
  for (const { name, create, adds, isCut } of saved) {
    const [, , type = '', ...options] = create.text.split(' ')
    const { origin } = create
    if (isCut) {
      reportSet(report, create, name, `the dump has more than ${mostElements} elements`)
    } else if (type === 'list:set') {
      const members = adds.map(({ text }) => text.split(' ')[2] ?? '')
      sets.set(name, { kind: 'list', name, members, origin })
    } else if (ADDRESS_TYPES.has(type)) {
      const version = options[options.indexOf('family') + 1] === 'inet6' ? 6 : 4
      const elements = adds.map((line) => elementOf(version, line))
      if (elements.every((element) => element !== null))
        sets.set(name, { kind: 'addresses', name, version, elements, origin })
      else reportSet(report, create, name, 'it has elements that are no addresses')
    } else {
      reportSet(report, create, name, `it is of type ${type}`)
    }
  }
  return sets
}

function reportSet(report: Report, { origin }: RestoreLine, name: string, why: string): void {
  if (origin.span === null) return
  const message = `what set \`${name}\` matches is not known: ${why}`
  report.add('note', 'read/set-not-evaluated', origin.span, message)
}

/** `add NAME ELEMENT [nomatch] [timeout ...]`; bitmap:ip may have `FIRST-LAST`. */
function elementOf(version: 4 | 6, { text, origin }: RestoreLine): AddressElement | null {
  const [, , address = '', ...options] = text.split(' ')
  const range = rangeOfText(version, address)
  return range === null ? null : { ...range, nomatch: hasNomatch(options), text: address, origin }
}

function rangeOfText(
  version: 4 | 6,
  text: string,
): { readonly lo: bigint; readonly hi: bigint } | null {
  const cidr = parseCidr(text)
  if (cidr !== null) return cidr.address.version === version ? rangeOf(cidr) : null
  const dash = text.indexOf('-')
  const lo = parseAddr(text.slice(0, dash))
  const hi = parseAddr(text.slice(dash + 1))
  if (dash === -1 || lo?.version !== version || hi?.version !== version) return null
  return { lo: lo.bits, hi: hi.bits }
}

/** The word may stand in a comment too, which is the last option and in quotes. */
function hasNomatch(options: readonly string[]): boolean {
  const comment = options.indexOf('comment')
  const at = options.indexOf('nomatch')
  return at !== -1 && (comment === -1 || at < comment)
}
