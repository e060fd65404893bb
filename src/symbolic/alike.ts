import { FIELDS, type FieldName } from '../netfilter/field.ts'
import type { Match } from '../netfilter/match.ts'
import type { Ruleset, Table } from '../netfilter/ruleset.ts'

/** The names of devices that rules ask for, and beginnings of such names. */
type Told = { readonly exact: Set<string>; readonly prefixes: Set<string> }

const known = new WeakMap<Ruleset, Told>()

/**
 * For every device one that stands for all that no rule tells apart from it: two guests' ways over a bridge are one way
 * to rules that only ask for `fwln+`.
 */
export function alikeFor(rulesets: readonly Ruleset[]): (device: string) => string {
  const told = [...new Set(rulesets)].map(toldBy)
  const standIns = new Map<string, string>()
  return (device) => {
    if (told.some(({ exact }) => exact.has(device))) return device
    const begins = told.flatMap(({ prefixes }) =>
      [...prefixes].filter((prefix) => device.startsWith(prefix)),
    )
    const key = begins.join(' ')
    const found = standIns.get(key) ?? device
    standIns.set(key, found)
    return found
  }
}

function toldBy(ruleset: Ruleset): Told {
  const found = known.get(ruleset)
  if (found !== undefined) return found
  // no device has the empty name: rules can tell that from any other
  const told: Told = { exact: new Set(['']), prefixes: new Set() }
  for (const table of ruleset.tables) tellTable(table, told)
  known.set(ruleset, told)
  return told
}

function tellTable(table: Table, told: Told): void {
  for (const { rules } of table.chains.values())
    for (const { body } of rules)
      for (const statement of body) {
        if (statement.kind === 'match') tellMatch(statement.match, table, told)
        if (statement.kind === 'vmap')
          tellKeys(
            statement.fields,
            (table.maps.get(statement.map)?.elements ?? []).map(({ key }) => key),
            told,
          )
      }
}

function tellMatch(match: Match, table: Table, told: Told): void {
  switch (match.kind) {
    case 'field':
    case 'any-of': {
      const fields = match.kind === 'field' ? [match.field] : match.fields
      if (match.values.kind !== 'names' || !fields.some(isDevice)) return
      for (const name of match.values.exact) told.exact.add(name)
      for (const prefix of match.values.prefixes) told.prefixes.add(prefix)
      break
    }
    case 'all-of':
      for (const part of match.matches) tellMatch(part, table, told)
      break
    case 'lookup': {
      const set = table.sets.get(match.set)
      if (set?.kind === 'tuples') tellKeys(match.fields, set.elements, told)
      break
    }
    default:
      break
  }
}

function tellKeys(
  fields: readonly FieldName[],
  keys: readonly (readonly (string | number | bigint)[])[],
  { exact }: Told,
): void {
  for (const [i, field] of fields.entries()) {
    if (!isDevice(field)) continue
    for (const key of keys) exact.add(String(key[i]))
  }
}

function isDevice(field: FieldName): boolean {
  return FIELDS[field].kind === 'name' && /name$|^physdev /.test(field)
}
