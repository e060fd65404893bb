import type { Problem } from '../packet/problem.ts'
import type { Query } from '../packet/query.ts'
import { showQuery } from '../packet/show-query.ts'
import type { Backend } from '../topology/devices.ts'
import type { Moment } from './moment.ts'
import { placeOf, runOf } from './moment.ts'
import { type Opening, record, type Setting, type Subject } from './record.ts'
import { momentOf, NO_ROWS, type StepState } from './state.ts'

/** The query of what is asked: of a conversation the one between whose ends it is. */
export function queryOf({ subject }: Setting): Query {
  return subject.kind === 'packet' ? subject.query : subject.asking.query
}

export function withQuery(setting: Setting, query: Query): Setting {
  const { subject } = setting
  const changed: Subject =
    subject.kind === 'packet'
      ? { kind: 'packet', query }
      : { kind: 'flow', asking: { ...subject.asking, query } }
  return { ...setting, subject: changed }
}

/** The state once something else is asked: at the same place of the new timeline, or unchanged with the reason. */
export function asking(state: StepState, setting: Setting, done: string): StepState {
  const recorded = record(setting)
  if (recorded.kind === 'refused') return refused(state, recorded.problems)
  const at = likePlace(momentOf(state), recorded.timeline.moments)
  return {
    ...state,
    setting,
    recorded,
    recent: remembered(state),
    at,
    trail: [],
    up: 0,
    file: null,
    rows: { ...NO_ROWS, packet: state.rows.packet },
    message: { text: done, kind: 'note' },
  }
}

/** Another question altogether: it is the one to come back to, with the rules as they were at first. */
export function newQuestion(state: StepState, query: Query, done: string): StepState {
  const { setting, original } = state
  // another packet is no packet of the conversation
  const subject: Subject = { kind: 'packet', query }
  const there = asking(state, { ...setting, subject }, done)
  if (there.setting === setting) return there
  const isSame = setting.firewall === original.firewall
  const from = isSame ? there.setting : { ...original, subject }
  const first = isSame ? there.recorded : record(from)
  if (first.kind === 'refused') return there
  return { ...there, original: from, first, aside: null, at: 0 }
}

/** Packets that are remembered. */
const mostRecent = 9

/** With what is asked now, before something else is. */
function remembered({ recent, setting }: StepState): readonly Query[] {
  const query = queryOf(setting)
  const text = showQuery(query)
  return [query, ...recent.filter((one) => showQuery(one) !== text)].slice(0, mostRecent)
}

export function refused(state: StepState, problems: readonly Problem[]): StepState {
  const [first] = problems
  const help = first?.help == null ? '' : `; ${first.help}`
  const text = first === undefined ? 'it cannot be asked' : `${first.message}${help}`
  return { ...state, message: { text, kind: 'error' } }
}

/** The moment of another timeline that is most like one: of the same packet, the same rule, else the same chain, else its verdict. */
function likePlace(was: Moment, moments: readonly Moment[]): number {
  if (was.kind === 'packet' && was.run.number === 1) return 0
  const number = runOf(was).number
  const own = moments.flatMap((moment, at) => (runOf(moment).number === number ? [at] : []))
  const like = (test: (moment: Moment) => boolean): number | undefined =>
    own.find((at) => {
      const moment = moments[at]
      return moment !== undefined && test(moment)
    })
  const place = placeOf(was)
  const chain = place?.chain.chain.name
  const index = was.kind === 'rule' ? was.index : null
  const end = like(({ kind }) => kind === 'verdict') ?? own.at(-1) ?? moments.length - 1
  if (was.kind === 'verdict') return end
  if (was.kind === 'hop')
    return like((one) => one.kind === 'hop' && one.hop.hop.hook === was.hop.hop.hook) ?? end
  return (
    like(
      (one) =>
        one.kind === 'rule' && one.index === index && placeOf(one)?.chain.chain.name === chain,
    ) ??
    like((one) => placeOf(one)?.chain.chain.name === chain) ??
    end
  )
}

/** The same question to the rules as another opening has them; unchanged with the reason where it cannot be opened. */
export function reopened(state: StepState, changed: Partial<Opening>, done: string): StepState {
  const { session, setting } = state
  const opening = { ...setting.opening, ...changed }
  const firewall = session.open(opening)
  if (typeof firewall === 'string') return refusedFor(state, firewall)
  return asking(state, { ...setting, firewall, opening }, done)
}

/** The other backend's reading of the same node. */
export function flipBackend(state: StepState): StepState {
  const { setting, original } = state
  const { firewall, opening } = setting
  const other: Backend = firewall.backend === 'iptables' ? 'nftables' : 'iptables'
  const isBack = original.firewall.backend === other && original.opening.node === opening.node
  const backend = isBack ? original.opening.backend : other
  return reopened(state, { backend }, `as ${other} filters it`)
}

/** The same packet of the other family, as far as its ends have addresses there. */
export function flipFamily(state: StepState): StepState {
  const query = queryOf(state.setting)
  const [run] = state.recorded.timeline.runs
  const now = query.family ?? (run?.walk?.trace.packet.l3.kind === 'ip6' ? 6 : 4)
  const family = now === 4 ? 6 : 4
  return asking(state, withQuery(state.setting, { ...query, family }), `as IPv${family}`)
}

export function refusedFor(state: StepState, text: string): StepState {
  return { ...state, message: { text, kind: 'error' } }
}

/** Shows what was asked first, and from there what was made of it. */
export function toOriginal(state: StepState): StepState {
  const { original, setting, aside } = state
  if (setting !== original)
    return { ...asking(state, original, 'as it was asked first'), aside: setting }
  if (aside === null) return refusedFor(state, 'nothing has been changed yet')
  return { ...asking(state, aside, 'with your changes'), aside: null }
}

/** The state with something to say. */
export function noted(state: StepState, text: string): StepState {
  return { ...state, message: { text, kind: 'note' } }
}

/** The rules of another node, as its own switch or the backend that was asked for has it. */
export function toNode(state: StepState, name: string): StepState {
  const { tree } = state.setting.firewall
  if (name === tree.node) return noted(state, `it is ${name} already`)
  if (!tree.nodes.includes(name))
    return refusedFor(state, `there is no node ${name}; there are ${tree.nodes.join(', ')}`)
  return reopened(state, { node: name }, `through the rules of ${name}`)
}

/** The node behind this one in the list, round and round. */
export function nextNode(state: StepState): StepState {
  const { nodes, node } = state.setting.firewall.tree
  const next = nodes[(nodes.indexOf(node) + 1) % nodes.length]
  if (next === undefined || next === node) return refusedFor(state, `${node} is the only node`)
  return toNode(state, next)
}

/** The same question to the configuration below another root: a proposed one. Edits stay behind. */
export function swapped(state: StepState, root: string): StepState {
  if (root === '') return refusedFor(state, 'swap to what? a root, as --root takes it')
  return reopened(state, { root, edits: [] }, `through the rules below ${root}`)
}
