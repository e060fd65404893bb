import { unreachable } from '../source/unreachable.ts'
import { type FileNames, showPlaceBehind } from './file-names.ts'
import type { LockoutEntry, LockoutLoss, LockoutStatus, LockoutView } from './lockout-view.ts'
import type { Look } from './look.ts'
import { line, piece, type Style, type StyledLine } from './styled.ts'
import { decidingLine } from './verdict-lines.ts'

/** What is lost, with a packet each; what nobody can tell; what is proved, summed up; what no proof sees. */
export function renderLockout(
  view: LockoutView,
  look: Pick<Look, 'glyphs'>,
): readonly StyledLine[] {
  const of = (status: LockoutStatus): readonly LockoutEntry[] =>
    view.entries.filter((entry) => entry.status === status)
  return [
    headline(view, look),
    ...view.remarks.map((text) => line(['    ', text], 4)),
    ...(['lost', 'lost-before', 'partly'] as const).flatMap((status) =>
      lossLines(of(status), status, view),
    ),
    ...unprovedLines(of('unproved'), view.names),
    ...provedLines(of('proved')),
    ...view.blind.map(({ what, why, span }) =>
      line([piece('not looked at', 'note'), `  ${what}: ${why}${placeOf(span, view.names)}`], 15),
    ),
    ...assumptionLines(view.assumptions),
    line([piece('no proof sees', 'faint'), `  ${UNSEEN}`], 15),
  ]
}

/** Assumptions that are told; JSON has all. */
const mostAssumptions = 5

function assumptionLines(all: readonly string[]): readonly StyledLine[] {
  // what is between machines is told once, by what no proof sees
  const assumptions = all.filter((text) => !text.startsWith('the network between '))
  const lines = assumptions
    .slice(0, mostAssumptions)
    .map((text) => line([piece('assuming', 'note'), `       ${text}`], 15))
  const more = assumptions.length - mostAssumptions
  return more > 0 ? [...lines, line([`               and ${more} more`], 15)] : lines
}

const UNSEEN =
  'answers that come back another way, rules of other programs (pvefw drift shows them), what stands between the machines'

function headline({ entries, node, backend }: LockoutView, look: Pick<Look, 'glyphs'>): StyledLine {
  const count = (...statuses: readonly LockoutStatus[]): number =>
    entries.filter(({ status }) => statuses.includes(status)).length
  const lost = count('lost')
  const where = `  ${node}, ${backend}`
  if (lost > 0)
    return line(
      [
        piece(`${look.glyphs ? '✘ ' : ''}LOST`, 'drop'),
        piece(`  ${lost} of ${entries.length} needs`, 'strong'),
        where,
      ],
      4,
    )
  const open = count('unproved')
  const before = count('lost-before')
  const rest = before > 0 ? `, ${before} lost already before` : ''
  if (open > 0)
    return line(
      [
        piece(`${look.glyphs ? '? ' : ''}NOT PROVED`, 'unknown'),
        piece(`  ${open} of ${entries.length} needs${rest}`, 'strong'),
        where,
      ],
      4,
    )
  return line(
    [
      piece(`${look.glyphs ? '✔ ' : ''}PROVED`, 'accept'),
      piece(`  ${entries.length - before} needs, for every packet${rest}`, 'strong'),
      where,
    ],
    4,
  )
}

function lossLines(
  entries: readonly LockoutEntry[],
  status: 'lost' | 'lost-before' | 'partly',
  { names }: LockoutView,
): readonly StyledLine[] {
  const [label, style] = LABELS[status]
  return groupBy(entries, reasonKey).flatMap((group) => {
    const [first] = group
    if (first === undefined || first.loss === null) return []
    const services = [...new Set(group.map(({ service }) => service))].join(', ')
    const phase = phaseWords(first.loss)
    return [
      line([piece(label, style), `  ${services} ${first.between}${phase}`], 6),
      ...lossOf(first, first.loss, names),
    ]
  })
}

/** Losses between the same ends by the same line are told together. */
function reasonKey({ loss, between, family, why }: LockoutEntry): string {
  const span = loss?.answer.origin.span ?? null
  const place = span === null ? '' : `${span.file.path} ${span.start}`
  return `${between} ${family} ${why} ${loss?.phase} ${place}`
}

function lossOf(
  { why, span }: LockoutEntry,
  { packet, answer, regions, more, advice }: LockoutLoss,
  names: FileNames,
): readonly StyledLine[] {
  const lines = [
    line(['    ', packet], 6),
    line(['    ', piece('by', 'faint'), '  ', ...decidingLine(answer)], 8),
    line([`    and all of  ${regions.join('; ')}${more ? ' and more' : ''}`], 16),
    line([`    known from ${why}${placeOf(span, names)}`], 6),
  ]
  if (advice !== null)
    lines.push(
      line(['    ', piece('add', 'note'), `  ${advice.line}`], 9),
      line([`         as the first rule of ${advice.file}: proved to be enough`], 9),
    )
  return lines
}

const LABELS: Readonly<Record<'lost' | 'lost-before' | 'partly', readonly [string, Style]>> = {
  lost: ['LOST', 'drop'],
  'lost-before': ['WAS LOST ALREADY', 'unknown'],
  partly: ['KEPT FOR SOME', 'note'],
}

function phaseWords({ phase }: LockoutLoss): string {
  switch (phase) {
    case 'first':
      return ''
    case 'later':
      return ': connections that are open'
    case 'answer':
      return ': its answers'
    default:
      return unreachable(phase)
  }
}

function unprovedLines(entries: readonly LockoutEntry[], names: FileNames): readonly StyledLine[] {
  return entries.map(({ service, between, doubt, span }) =>
    line(
      [
        piece('NOT PROVED', 'unknown'),
        `  ${service} ${between}: ${doubt ?? ''}${placeOf(span, names)}`,
      ],
      4,
    ),
  )
}

function provedLines(entries: readonly LockoutEntry[]): readonly StyledLine[] {
  return groupBy(entries, ({ id, service }) => `${id} ${service}`).map((group) => {
    const [first] = group
    const ways = group.length === 1 ? ` ${first?.between}` : `, ${group.length} ways`
    const rates = group.some(({ withinRates }) => withinRates)
      ? ', as long as no rate of a rule is exceeded'
      : ''
    const answers = group.some(({ asAnswers }) => asAnswers)
      ? ', some only as answers to what the node sends itself'
      : ''
    return line([piece('PROVED', 'accept'), `  ${first?.service}${ways}${rates}${answers}`], 4)
  })
}

function placeOf(span: LockoutEntry['span'], names: FileNames): string {
  return span === null ? '' : showPlaceBehind(span, names)
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const own = groups.get(key(item))
    if (own === undefined) groups.set(key(item), [item])
    else own.push(item)
  }
  return [...groups.values()]
}
