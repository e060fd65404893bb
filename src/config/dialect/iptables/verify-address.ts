import type { Located } from '../../../source/source-file.ts'
import { add, type Check, fault, given, type RuleFault, undefinedValue, within } from './check.ts'
import { quoted } from './complaints.ts'
import { lower } from './perl.ts'
import { addressTerm } from './reading.ts'
import type { AddressTerm, Fault } from './terms.ts'
import { unknownAliasHelp, unknownSetHelp } from './unknown-name.ts'

/** `-source` or `-dest`: form, family, and whether what it names exists. The fault `verify_rule` dies of, or null. */
export function checkAddress(check: Check, field: 'source' | 'dest'): RuleFault | null {
  const address = given(check.rule[field])
  if (address === null) return null
  const term = addressTerm(check.place.reading, address.value)
  if (term.fault === null) {
    if (term.kind === 'list') pinList(check, field, address, term.version)
  } else {
    badAddress(check, field, address, term, term.fault)
  }
  if (address.value.startsWith('+')) checkSet(check, field, address, term)
  else if (term.kind === 'alias') return checkAlias(check, field, address, term)
  return null
}

/** Literal addresses pin the rule to their family; a conflict is a fault of the field. */
function pinList(
  check: Check,
  field: string,
  address: Located<string>,
  version: 4 | 6 | null,
): void {
  if (version === null) return
  if (check.version === null || check.version === version) check.version = version
  else add(check, mixedFamilies(check, field, address, version))
}

function mixedFamilies(
  { version }: Check,
  field: string,
  { value, span }: Located<string>,
  own: 4 | 6,
): RuleFault {
  const message = `${quoted(value)} is IPv${own}, but what stands before it makes this an IPv${version} rule`
  const says = 'detected mixed ipv4/ipv6 addresses in rule'
  return fault(field, says, 'config/mixed-families', span, message, 'write a rule for each family')
}

function badAddress(
  check: Check,
  field: string,
  address: Located<string>,
  term: AddressTerm,
  found: Fault,
): void {
  const { reading } = check.place
  let says = found.message
  if (term.kind === 'list') {
    if (term.silent && reading.netIpMessage === null)
      check.warnings.push(undefinedValue('$err', 'concatenation (.) or string', 1096))
    if (term.silent) says += reading.netIpMessage ?? ''
    reading.netIpMessage = term.complaint ?? reading.netIpMessage
  }
  const part = address.value.slice(found.start, found.end)
  add(check, {
    field,
    says,
    code: term.kind === 'list' ? 'config/bad-address' : 'config/name-too-long',
    span: within(address.span, found),
    wording: () => ({
      message: `\`-${field}\` ${quoted(part)} is refused: ${addressReason(says)}`,
      help: term.kind === 'list' ? addressHelp(part, says) : 'names have at most 64 characters',
    }),
  })
}

/** What Net::IP means, in fewer words; its own text is in `upstream`. */
function addressReason(says: string): string {
  if (says.includes('Invalid prefix')) return 'it has bits set behind its prefix length'
  if (says.includes('detected mixed')) return 'it is of another family than what stands before it'
  if (says.includes('greater than End')) return 'the range ends before it begins'
  return quoted(says.replace('invalid IP address: ', '')).slice(1, -1)
}

function addressHelp(part: string, says: string): string {
  if (says.includes('Invalid prefix')) {
    const length = part.slice(part.indexOf('/'))
    return `bits behind the prefix must be zero: write the network address before \`${length}\``
  }
  if (says.includes('detected mixed')) return 'write a rule for each family'
  if (says.includes('range in a list')) return 'write a rule for each range'
  if (says.includes('greater than End')) return 'a range starts with its lower address'
  if (part.startsWith('!')) return 'rules have no negation: put a DROP rule before'
  if (part.endsWith(',')) return 'remove the comma at the end'
  if (part === '') return 'remove the comma that nothing stands before'
  return 'use addresses, networks such as 10.0.0.0/8, one range A-B, an alias, or a set `+name`'
}

function checkSet(check: Check, field: string, address: Located<string>, term: AddressTerm): void {
  const { cluster, file, reading } = check.place
  const name = term.kind === 'set' ? term.name : null
  if (name === null) {
    const message = `${quoted(address.value)} does not name a set`
    const says = `invalid ipset name '${address.value}'`
    const help = 'write `+name`, `+dc/name`, `+guest/name` or `+sdn/name`'
    add(check, fault(field, says, 'config/unknown-ipset', address.span, message, help))
    return
  }
  if (cluster?.ipsets?.has(name) === true) return
  // INVARIANT: also a look-up that fails makes the table (see OpenFile).
  if (file !== null) file.ipsets ??= new Map()
  if (file?.ipsets?.has(name) === true || reading.sdnSets.has(name)) return
  add(check, {
    field,
    says: `no such ipset '${name}'`,
    code: 'config/unknown-ipset',
    span: address.span,
    wording: () => ({
      message: `no set ${quoted(name)} is defined so far`,
      help: unknownSetHelp(file, cluster, name),
    }),
  })
}

function checkAlias(
  check: Check,
  field: string,
  address: Located<string>,
  term: Extract<AddressTerm, { readonly kind: 'alias' }>,
): RuleFault | null {
  const { cluster, file } = check.place
  const key = lower(term.name)
  const shared = cluster?.aliases?.get(key)
  if (file !== null && (shared === undefined || term.scope !== 'dc/')) file.aliases ??= new Map()
  const own = file?.aliases?.get(key)
  if (shared === undefined && own === undefined) {
    add(check, {
      field,
      says: `no such alias '${address.value}'`,
      code: 'config/unknown-alias',
      span: address.span,
      wording: () => ({
        message: `no alias ${quoted(term.name)} is defined so far`,
        help: unknownAliasHelp(file, cluster, term.name),
      }),
    })
    return null
  }
  const visible =
    (term.scope === 'dc/' ? undefined : own) ?? (term.scope === 'guest/' ? undefined : shared)
  if (visible === undefined || check.version === null || check.version === visible.version) {
    check.version = visible?.version ?? check.version
    return null
  }
  return mixedFamilies(check, field, address, visible.version)
}
