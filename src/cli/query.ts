import { parseArrow } from '../packet/parse-arrow.ts'
import { parseQueryFields } from '../packet/parse-fields.ts'
import { isProblem, type Problem, problem, quoted } from '../packet/problem.ts'
import { EMPTY_QUERY, type NameTables, NO_NAMES, type Query } from '../packet/query.ts'
import type { Arguments } from './arguments.ts'

export type NoQuery = { readonly problems: readonly Problem[] }

/** The packet of a command line: the options, the one string, or both where they say different things of it. */
export function queryOf(given: Arguments, tables: NameTables): Query | NoQuery {
  const byOptions = parseQueryFields(fieldsOf(given), tables)
  if (isProblem(byOptions)) return { problems: [byOptions] }
  if (given.words.length === 0) return byOptions
  const byArrow = parseArrow(given.words.join(' '), tables)
  if (isProblem(byArrow)) return { problems: [byArrow] }
  return merged(byArrow, byOptions)
}

function fieldsOf({ text }: Arguments): Parameters<typeof parseQueryFields>[0] {
  const said = (name: string): string | null => text.get(name) ?? null
  return {
    from: said('from'),
    to: said('to'),
    vm: said('vm'),
    ct: said('ct'),
    src: said('src'),
    dst: said('dst'),
    proto: said('proto'),
    sport: said('sport'),
    dport: said('dport'),
    icmpType: said('icmp-type'),
    flags: said('flags'),
    state: said('state'),
    mac: said('mac'),
    vlan: said('vlan'),
    family: said('family'),
    iface: said('iface'),
  }
}

function merged(arrow: Query, options: Query): Query | NoQuery {
  const twice = (Object.keys(EMPTY_QUERY) as (keyof Query)[]).find(
    (field) => arrow[field] !== null && options[field] !== null && arrow[field] !== options[field],
  )
  if (twice === undefined)
    return {
      ...arrow,
      ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null)),
    }
  const said = problem(
    'query/said-twice',
    `${twice} is ${quoted(String(arrow[twice]))} in the packet, and ${quoted(String(options[twice]))} as an option`,
    'leave one of them out',
  )
  return { problems: [said] }
}

/**
 * VMID or name of a guest the question is about, without knowing any: tells which node is meant where a tree holds
 * several.
 */
export function guestHint(given: Arguments): string | null {
  const query = queryOf(given, NO_NAMES)
  const ends =
    'problems' in query ? given.words.join(' ').split(/->|→/).toReversed() : [query.to, query.from]
  for (const end of ends) {
    const base = /^(?:vm|ct)?([^/:]+)/.exec(end?.trim() ?? '')?.[1]
    if (base !== undefined && !/^(?:host|outside|\[.*|\d+\.\d+\..*)$/.test(base)) return base
  }
  return null
}
