import { EDIT_OPTIONS, type EditRequest } from '../edit/parse-edit.ts'
import { parseArrow } from '../packet/parse-arrow.ts'
import { isProblem } from '../packet/problem.ts'
import { breaksAt, parseStop, toggled } from './breakpoint.ts'
import { toWrite, withEdits } from './edits.ts'
import { FIELDS, type FieldName, withField } from './fields.ts'
import { arrived } from './go.ts'
import { filesOf } from './record.ts'
import { searched } from './search.ts'
import type { StepState } from './state.ts'
import {
  asking,
  flipBackend,
  flipFamily,
  newQuestion,
  noted,
  queryOf,
  refused,
  refusedFor,
  swapped,
  toNode,
  withQuery,
} from './what-if.ts'

/** What can be typed after `:`. */
export type Command = {
  readonly name: string
  /** What its words are, for the help. */
  readonly words: string
  readonly help: string
  /** What its words can be; nothing to offer is an empty list. */
  readonly offers: (state: StepState) => readonly string[]
  readonly run: (state: StepState, words: string) => StepState
}

const nothing = (): readonly string[] => []

/** Every field of the packet is a command too: `:dport 443`. */
const FIELD_COMMANDS: readonly Command[] = FIELDS.map(({ name, label }) => ({
  name: label,
  words: 'VALUE',
  help: '',
  offers: offersOfField(name),
  run: (state, words) => {
    const { setting } = state
    const query = withField(queryOf(setting), name, words, setting.firewall.tables)
    if (isProblem(query)) return refused(state, [query])
    return asking(state, withQuery(setting, query), `${label} ${words === '' ? 'as usual' : words}`)
  },
}))

function offersOfField(name: FieldName): Command['offers'] {
  switch (name) {
    case 'from':
    case 'to':
      return endpoints
    case 'src':
    case 'dst':
      return ({ setting }) => setting.firewall.topology.names.known()
    case 'proto':
      return () => ['tcp', 'udp', 'icmp', 'icmpv6', 'sctp', 'igmp', 'gre', 'esp']
    case 'state':
      return () => ['new', 'established', 'related', 'invalid', 'untracked']
    case 'family':
      return () => ['4', '6']
    case 'flags':
      return () => ['SYN', 'SYN,ACK', 'ACK', 'RST', 'FIN,ACK']
    case 'dport':
    case 'sport':
      return services
    default:
      return nothing
  }
}

/** What packets can come from and go to: places, guests by number and name, nodes, aliases, sets. */
export function endpoints({ setting }: StepState): readonly string[] {
  const { tree, topology } = setting.firewall
  return [
    ...['host', 'outside'],
    ...tree.guests.flatMap(({ vmid, name }) => [String(vmid), ...(name === null ? [] : [name])]),
    ...tree.network.interfaces
      .filter(({ kind }) => kind === 'bridge' || kind === 'ovs-bridge')
      .map(({ name }) => `outside:${name}`),
    ...tree.nodes.filter((name) => name !== tree.node),
    ...topology.names.known(),
  ]
}

function services({ setting }: StepState): readonly string[] {
  return setting.firewall.tree.services.entries.slice(0, 400).map(({ name }) => name)
}

const EDIT_WORDS: Readonly<Record<EditRequest['option'], string>> = {
  set: 'F.OPTION=VALUE',
  enable: 'FILE',
  disable: 'FILE',
  add: 'FILE:RULE',
  apply: 'pvesh ...',
}

function editTargets({ setting }: StepState): readonly string[] {
  return ['cluster', 'host', ...setting.firewall.tree.guests.map(({ vmid }) => String(vmid))]
}

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'break',
    words: 'WHERE',
    help: 'FILE:LINE, rule CHAIN:N, chain NAME, verdict V, mark, state S; again clears it',
    offers: (state) => [
      ...['chain', 'rule', 'verdict', 'mark', 'state'],
      ...filesOf(state.recorded, state.setting).map(({ path }) => `${state.recorded.names(path)}:`),
    ],
    run: breakAt,
  },
  {
    name: 'clear',
    words: '',
    help: 'clear all breakpoints',
    offers: nothing,
    run: (state) => noted({ ...state, breakpoints: [] }, 'no breakpoints any more'),
  },
  {
    name: 'run',
    words: 'WHERE',
    help: 'run once to what a breakpoint could be set on',
    offers: (state) => COMMANDS[0]?.offers(state) ?? [],
    run: runTo,
  },
  {
    name: 'at',
    words: 'N',
    help: 'to step N',
    offers: nothing,
    run: (state, words) => {
      const count = state.recorded.timeline.moments.length
      if (!/^\d{1,7}$/.test(words) || Number(words) < 1 || Number(words) > count)
        return refusedFor(state, `a step is 1..${count}`)
      return arrived(state, Number(words) - 1)
    },
  },
  {
    name: 'packet',
    words: 'A -> B',
    help: 'another packet, as pvefw trace takes it',
    offers: endpoints,
    run: (state, words) => {
      const query = parseArrow(words, state.setting.firewall.tables)
      return isProblem(query) ? refused(state, [query]) : newQuestion(state, query, words)
    },
  },
  {
    name: 'backend',
    words: 'NAME',
    help: 'iptables or nftables',
    offers: () => ['iptables', 'nftables'],
    run: (state, words) => {
      if (words === state.setting.firewall.backend) return noted(state, `it is ${words} already`)
      return words === 'iptables' || words === 'nftables'
        ? flipBackend(state)
        : refusedFor(state, 'a backend is iptables or nftables')
    },
  },
  {
    name: 'node',
    words: 'NAME',
    help: 'whose rules are asked',
    offers: ({ setting }) => setting.firewall.tree.nodes,
    run: toNode,
  },
  {
    name: 'swap',
    words: 'DIR',
    help: 'the same question to the configuration below another root',
    offers: nothing,
    run: swapped,
  },
  ...EDIT_OPTIONS.map(
    (option): Command => ({
      name: option,
      words: EDIT_WORDS[option],
      help: `as --${option} of the command line`,
      offers: editTargets,
      run: (state, words) => withEdits(state, [{ option, value: words }], `${option} ${words}`),
    }),
  ),
  {
    name: 'write',
    words: 'DIR',
    help: 'the edited files below a directory',
    offers: nothing,
    run: toWrite,
  },
  {
    name: 'find',
    words: 'TEXT',
    help: 'in rules and files, as / does',
    offers: nothing,
    run: searched,
  },
  {
    name: 'file',
    words: 'NAME',
    help: 'look at a file',
    offers: (state) =>
      filesOf(state.recorded, state.setting).map(({ path }) => state.recorded.names(path)),
    run: (state, words) => {
      const { recorded, setting } = state
      const file = filesOf(recorded, setting).find(
        ({ path }) => path === words || recorded.names(path) === words,
      )
      if (file === undefined) return refusedFor(state, `no file is called ${words}`)
      return { ...state, file: file.path, pane: 'source', rows: { ...state.rows, source: null } }
    },
  },
  {
    name: 'flip',
    words: 'family',
    help: 'IPv4 or IPv6',
    offers: () => ['family'],
    run: flipFamily,
  },
  {
    name: 'help',
    words: '',
    help: 'the keys and commands',
    offers: nothing,
    run: (state) => ({ ...state, overlay: 'help', overlayTop: 0 }),
  },
  {
    name: 'quit',
    words: '',
    help: 'leave',
    offers: nothing,
    run: (state) => ({ ...state, done: true }),
  },
]

const ALL: readonly Command[] = [...COMMANDS, ...FIELD_COMMANDS]

function breakAt(state: StepState, words: string): StepState {
  const stop = parseWhere(state, words)
  if (typeof stop === 'string') return refusedFor(state, stop)
  const { breakpoints, isSet } = toggled(state.breakpoints, stop)
  return noted({ ...state, breakpoints }, isSet ? `stops at ${words}` : `stops at ${words} no more`)
}

function runTo(state: StepState, words: string): StepState {
  const stop = parseWhere(state, words)
  if (typeof stop === 'string') return refusedFor(state, stop)
  const { moments } = state.recorded.timeline
  const fits = (at: number): boolean => {
    const moment = moments[at]
    const one = { stop, enabled: true }
    return moment !== undefined && breaksAt([one], moment, moments[at - 1] ?? null)
  }
  const order = moments.map((_, i) => (state.at + 1 + i) % moments.length)
  const found = order.find(fits)
  return found === undefined
    ? refusedFor(state, `the packet never comes to ${words}`)
    : arrived(state, found)
}

function parseWhere(state: StepState, words: string): ReturnType<typeof parseStop> {
  const { recorded, setting } = state
  const paths = filesOf(recorded, setting).map(({ path }) => path)
  return parseStop(words, { paths, names: recorded.names })
}

/** Runs a line typed after `:`. A name may be cut where no other begins alike. */
export function runCommand(state: StepState, text: string): StepState {
  const [name = '', words = ''] = text.trim().split(/\s+(.*)/s)
  if (name === '') return state
  const own = ALL.find((one) => one.name === name)
  const alike = ALL.filter((one) => one.name.startsWith(name))
  const command = own ?? (alike.length === 1 ? alike[0] : undefined)
  if (command !== undefined) return command.run(state, words.trim())
  const which = alike.map((one) => one.name).join(', ')
  return refusedFor(
    state,
    alike.length === 0 ? `there is no command ${name}; ? lists them` : `${name} could be ${which}`,
  )
}

/** What the last word of a line typed after `:` could be; sorted as its command offers it, each once. */
export function offersFor(state: StepState, text: string): readonly string[] {
  const [, name = '', words] = /^\s*(\S*)(?:\s+(.*))?$/s.exec(text) ?? []
  if (words === undefined) return ALL.map((one) => one.name).filter((one) => one.startsWith(name))
  const command = ALL.find((one) => one.name === name)
  if (command === undefined) return []
  const last = words.slice(words.lastIndexOf(' ') + 1)
  return [...new Set(command.offers(state))].filter((one) => one.startsWith(last))
}

/** The line with its last word made into an offer. */
export function withOffer(text: string, offer: string): string {
  return text.slice(0, text.lastIndexOf(' ') + 1) + offer
}
