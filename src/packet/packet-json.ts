import { nearest } from '../source/nearest.ts'
import { parseQueryFields, type QueryFields } from './parse-fields.ts'
import { isProblem, type Problem, problem, quoted } from './problem.ts'
import type { NameTables, Query } from './query.ts'

/** A line of a batch: its id as given (null when it has none), and what it asks. */
export type BatchLine = {
  readonly id: string | number | null
  readonly query: Query | Problem
}

/** Members of a line; `net` and `nic` are other names of `iface`. */
const FIELDS: Readonly<Record<string, keyof QueryFields>> = {
  from: 'from',
  to: 'to',
  src: 'src',
  dst: 'dst',
  sport: 'sport',
  dport: 'dport',
  proto: 'proto',
  ethertype: 'ethertype',
  icmpType: 'icmpType',
  icmpCode: 'icmpCode',
  flags: 'flags',
  state: 'state',
  mac: 'mac',
  iface: 'iface',
  net: 'iface',
  vlan: 'vlan',
  family: 'family',
  vm: 'vm',
  ct: 'ct',
}

/** Reads one line of a batch: a JSON object whose members are texts, whole numbers or null. */
export function parsePacketJson(line: string, names: NameTables): BatchLine {
  const value = parseJson(line)
  if (isProblem(value)) return { id: null, query: value }
  const given = value['id']
  const id = typeof given === 'string' || typeof given === 'number' ? given : null
  const fields = readMembers(value)
  return { id, query: isProblem(fields) ? fields : parseQueryFields(fields, names) }
}

function parseJson(line: string): Readonly<Record<string, unknown>> | Problem {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { ...value } as Record<string, unknown>
  } catch {
    return problem('query/bad-json', `${quoted(line.trim())} is not JSON`, EXAMPLE)
  }
  return problem('query/bad-json', `${quoted(line.trim())} is not a JSON object`, EXAMPLE)
}

const EXAMPLE = 'one packet a line: {"id":1,"from":"outside","to":"vm105","proto":"tcp","dport":80}'

function readMembers(value: Readonly<Record<string, unknown>>): QueryFields | Problem {
  const fields: { -readonly [Field in keyof QueryFields]: string | null } = {}
  for (const [name, member] of Object.entries(value)) {
    if (name === 'id') continue
    const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined
    if (field === undefined) return unknownMember(name)
    if (member === null) continue
    if (fields[field] !== undefined)
      return problem('query/said-twice', `${quoted(name)} says ${field} a second time`, null)
    if (typeof member !== 'string' && !Number.isSafeInteger(member))
      return problem(
        'query/bad-json',
        `${quoted(name)} is neither a text nor a whole number`,
        EXAMPLE,
      )
    fields[field] = String(member)
  }
  return fields
}

function unknownMember(name: string): Problem {
  const near = nearest(name, Object.keys(FIELDS))
  return problem(
    'query/unknown-word',
    `${quoted(name)} is no member of a packet`,
    near.length > 0
      ? `did you mean \`${near.join('`, `')}\`?`
      : `known: ${Object.keys(FIELDS).join(', ')}`,
  )
}
