import { MACROS } from '../config/macros.ts'
import { readIcmpType, readPort, readProtocol } from '../packet/parse-fields.ts'
import { isProblem } from '../packet/problem.ts'
import { EMPTY_QUERY, type Query } from '../packet/query.ts'
import { showQuery } from '../packet/show-query.ts'
import { endpoints } from './commands.ts'
import { editLine, insert, lineOf } from './line-edit.ts'
import type { Picker, Stage } from './picker-state.ts'
import type { StepState } from './state.ts'
import { newQuestion, refusedFor, toNode } from './what-if.ts'

/** Something to choose. */
export type Option = {
  readonly value: string
  /** What it is, after its name. */
  readonly what: string
  /** A whole packet that was asked about before. */
  readonly query: Query | null
}

export function newPicker({ setting }: StepState): Picker {
  return stageOf(setting.firewall.tree.nodes.length > 1 ? 'node' : 'from', null, null)
}

function stageOf(stage: Stage, from: string | null, to: string | null): Picker {
  return { stage, filter: lineOf(''), index: 0, from, to }
}

/** What can be chosen now: what the configuration knows and fits what is typed; last what is typed itself. */
export function optionsOf(state: StepState, picker: Picker): readonly Option[] {
  const typed = picker.filter.text.trim()
  const wanted = typed.toLowerCase()
  const fitting = known(state, picker.stage).filter(({ value, what }) =>
    `${value} ${what}`.toLowerCase().includes(wanted),
  )
  const isNew =
    typed !== '' && picker.stage !== 'node' && !fitting.some((one) => one.value === typed)
  return isNew ? [...fitting, { value: typed, what: 'as typed', query: null }] : fitting
}

function known(state: StepState, stage: Stage): readonly Option[] {
  const { setting, recent } = state
  const { tree } = setting.firewall
  switch (stage) {
    case 'node':
      return tree.nodes.map((node) => ({
        value: node,
        what: node === tree.node ? 'as now' : '',
        query: null,
      }))
    case 'from':
    case 'to': {
      const asked = recent.map(
        (query): Option => ({ value: showQuery(query), what: 'again', query }),
      )
      const places = ends(state)
      return stage === 'from' ? [...places, ...asked] : places
    }
    default:
      return services()
  }
}

/** Hosts, guests with their names, the outside, aliases and sets. */
function ends(state: StepState): readonly Option[] {
  const { tree } = state.setting.firewall
  const guests = new Map(tree.guests.map(({ vmid, name, type }) => [String(vmid), { name, type }]))
  const names = new Set(tree.guests.map(({ name }) => name))
  return endpoints(state)
    .filter((value) => !names.has(value))
    .map((value) => {
      const guest = guests.get(value)
      const kind = guest?.type === 'lxc' ? 'container' : 'virtual machine'
      const what = guest === undefined ? whatIs(value) : `${kind} ${guest.name ?? ''}`.trim()
      return { value, what, query: null }
    })
}

function whatIs(value: string): string {
  if (value === 'host') return 'the node itself'
  if (value === 'outside') return 'anywhere else'
  if (value.startsWith('outside:')) return 'behind this bridge'
  return value.startsWith('+') ? 'an address of this set' : ''
}

/** Macros with the first packet each stands for. */
function services(): readonly Option[] {
  return MACROS.flatMap(({ name, ip4, nftables }) => {
    const [first] = ip4 ?? nftables ?? []
    if (first === undefined) return []
    const port = first.dport ?? ''
    return [{ value: name, what: `${first.proto}${port === '' ? '' : `/${port}`}`, query: null }]
  })
}

/** A key while something is chosen. */
export function picked(state: StepState, picker: Picker, key: string): StepState {
  const options = optionsOf(state, picker)
  const at = (index: number): StepState => ({
    ...state,
    picker: { ...picker, index: Math.max(0, Math.min(options.length - 1, index)) },
  })
  switch (key) {
    case 'escape':
      return { ...state, picker: null }
    case 'down':
    case 'tab':
      return at(picker.index + 1)
    case 'up':
    case 'shift-tab':
      return at(picker.index - 1)
    case 'page-down':
      return at(picker.index + 10)
    case 'page-up':
      return at(picker.index - 10)
    case 'enter': {
      const option = options[picker.index]
      return option === undefined ? state : chosen(state, picker, option)
    }
    default: {
      if (key === 'backspace' && picker.filter.text === '') return stepBack(state, picker)
      const filter = editLine(picker.filter, key === 'space' ? ' ' : key)
      return filter === null ? state : { ...state, picker: { ...picker, filter, index: 0 } }
    }
  }
}

/** Pasted text narrows the list as typed text does. */
export function pastedInPicker(state: StepState, picker: Picker, text: string): StepState {
  return { ...state, picker: { ...picker, filter: insert(picker.filter, text), index: 0 } }
}

function stepBack(state: StepState, { stage, from }: Picker): StepState {
  if (stage === 'service') return { ...state, picker: stageOf('to', from, null) }
  return stage === 'to' ? { ...state, picker: newPicker(state) } : state
}

function chosen(state: StepState, picker: Picker, { value, query }: Option): StepState {
  if (query !== null) return asked(state, picker, query)
  const next = (stage: Stage, from: string | null, to: string | null): StepState => ({
    ...state,
    picker: stageOf(stage, from, to),
  })
  switch (picker.stage) {
    case 'node': {
      const there = value === state.setting.firewall.tree.node ? state : toNode(state, value)
      return there.message?.kind === 'error'
        ? there
        : { ...there, picker: stageOf('from', null, null) }
    }
    case 'from':
      return next('to', value, null)
    case 'to':
      return next('service', picker.from, value)
    default: {
      const made = withService(state, { ...EMPTY_QUERY, from: picker.from, to: picker.to }, value)
      return typeof made === 'string' ? refusedFor(state, made) : asked(state, picker, made)
    }
  }
}

/** Asks; what cannot be asked leaves the choice open, with the reason. */
function asked(state: StepState, picker: Picker, query: Query): StepState {
  const there = newQuestion({ ...state, picker: null }, query, showQuery(query))
  return there.setting === state.setting ? { ...there, picker } : there
}

/** A macro by its name, `tcp/8443`, `8443/udp` or `ping`. */
function withService({ setting }: StepState, query: Query, text: string): Query | string {
  const { tables } = setting.firewall
  const macro = MACROS.find(({ name }) => name === text)
  const [first] = macro?.ip4 ?? macro?.nftables ?? []
  const [, port = '', proto = ''] =
    first === undefined
      ? (/^(\d+|[a-z][\w-]*)\/([a-z]\w*)$/i.exec(text.replace(/^([a-z]+)\/(\d+)$/i, '$2/$1')) ?? [])
      : ['', first.dport ?? '', first.proto]
  const name = proto === '' ? text : proto
  const number = readProtocol(name, tables)
  if (isProblem(number)) return `${text} is no service: a macro, 8443/tcp or a protocol`
  if (port === '') return { ...query, proto: number }
  if (name.startsWith('icmp')) {
    const type = readIcmpType(port)
    return isProblem(type) ? type.message : { ...query, icmpType: type }
  }
  const dport = readPort(port.split(/[,:]/, 1)[0] ?? port, number, tables)
  return isProblem(dport) ? dport.message : { ...query, proto: number, dport }
}
