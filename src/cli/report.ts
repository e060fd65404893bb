import type { Traced } from '../firewall/answer.ts'
import type { NodeFirewall } from '../firewall/node-firewall.ts'
import type { Problem } from '../packet/problem.ts'
import { countDiagnostics, renderDiagnostics } from '../render/diagnostic-lines.ts'
import { type FileNames, shortNames, showPlace } from '../render/file-names.ts'
import { lookOf } from '../render/look.ts'
import { showLines } from '../render/show.ts'
import { line, piece, type StyledLine } from '../render/styled.ts'
import type { Diagnostic } from '../source/diagnostic.ts'
import type { Io } from './io.ts'

/** Complaints that a person did not ask for are shown up to here; `-v` shows all. */
const mostShown = 12

/** All diagnostics, on standard error. */
export function reportAll(
  io: Io,
  diagnostics: readonly Diagnostic[],
  names: FileNames = shortNames([]),
): void {
  write(io, renderDiagnostics(diagnostics, names, lookOf(io.env, io.stderr).width ?? 80))
}

/**
 * What concerns a packet: errors, and warnings in files its ends depend on; the rest is counted. With `-v`
 * everything. `asked` null: nobody waits for complaints, only errors are shown.
 */
export function reportAbout(
  io: Io,
  diagnostics: readonly Diagnostic[],
  always: readonly Diagnostic[],
  names: FileNames,
  asked: Traced | null,
  verbose = 0,
): void {
  if (verbose > 0) {
    reportAll(io, [...always, ...diagnostics], names)
    return
  }
  const files = asked === null ? new Set<string>() : filesOf(asked)
  const host = asked !== null && endsAtHost(asked)
  const concerns = diagnostics.filter(
    ({ severity, span, code }) =>
      severity === 'error' ||
      (severity === 'warning' &&
        ((host && ABOUT_HOST.has(code)) || (span !== null && files.has(span.file.path)))),
  )
  const shown = concerns.slice(0, mostShown)
  reportAll(io, [...always, ...shown], names)
  const told = new Set(shown)
  const rest = countDiagnostics(diagnostics.filter((one) => !told.has(one)))
  if (rest === '' || asked === null) return
  write(io, [line([piece(`${rest} more about this configuration: -v shows them`, 'faint')])])
}

/** What is not known of the node itself: its address, and the network that may log in. */
const ABOUT_HOST: ReadonlySet<Diagnostic['code']> = new Set([
  'config/host-address-unknown',
  'config/local-network-unknown',
  'config/local-network-fallback',
])

function endsAtHost({ resolved }: Traced): boolean {
  return [resolved.from, resolved.to].some(({ place }) => place.kind === 'host')
}

/** Files whose lines decide about this packet: those of its ends, cluster.fw, host.fw where the host is an end. */
function filesOf({ resolved, stages }: Traced): ReadonlySet<string> {
  const files = new Set<string>()
  for (const { firewall } of stages) {
    const { tree } = firewall
    if (tree.clusterFw !== null) files.add(tree.clusterFw.path)
    for (const { place } of [resolved.from, resolved.to]) {
      if (place.kind === 'host' && tree.hostFw !== null) files.add(tree.hostFw.path)
      if (place.kind !== 'guest') continue
      files.add(place.guest.conf.path)
      const own = tree.guestFw.get(place.guest.vmid)
      if (own !== undefined) files.add(own.path)
    }
  }
  return files
}

/**
 * What the nftables backend refuses, as one line before all others: the real program names neither file nor line. The
 * diagnostics that say more are left to the caller.
 */
export function reportNftRefusal(io: Io, firewall: NodeFirewall, names: FileNames): void {
  const refusal = nftRefusal(firewall)
  if (refusal === null) return
  const place = refusal.span === null ? '' : `${showPlace(refusal.span, names)}: `
  write(io, [
    line(
      [
        piece('nftables backend would refuse this configuration: ', 'error'),
        piece(place, 'place'),
        refusal.message,
      ],
      4,
    ),
  ])
}

/** The first thing that the nftables backend cannot take, null if it takes all. */
export function nftRefusal({ backend, config, compiled }: NodeFirewall): Diagnostic | null {
  if (backend !== 'nftables') return null
  if (compiled.state === 'refused')
    return (
      config.refusal?.diagnostic ??
      compiled.diagnostics.findLast(({ severity }) => severity === 'error') ??
      null
    )
  return compiled.refusals[0]?.diagnostic ?? null
}

/** Why there is no answer: the backend does not take this configuration. */
export function reportRefusal(io: Io, firewall: NodeFirewall, names: FileNames): void {
  reportNftRefusal(io, firewall, names)
  reportAll(
    io,
    firewall.diagnostics.filter(({ severity }) => severity === 'error'),
    names,
  )
  const { node } = firewall.tree
  const kept = `${node} keeps the rules it had, whatever they are`
  const anyway = '--anyway traces what an empty kernel would hold of these rules'
  write(io, [
    line(
      [
        piece('no answer: ', 'strong'),
        `the backend refuses this configuration, so ${kept}; ${anyway}`,
      ],
      4,
    ),
  ])
}

/** Why there is no answer: nothing can be read, or not all that may decide. */
export function reportUnreadable(
  io: Io,
  {
    diagnostics,
    couldGoOn,
  }: { readonly diagnostics: readonly Diagnostic[]; readonly couldGoOn: boolean },
): void {
  reportAll(io, diagnostics)
  if (!couldGoOn) return
  const why = 'what cannot be read may decide; --anyway answers as if it were not there'
  write(io, [line([piece('no answer: ', 'strong'), why], 4)])
}

/** What makes no sense about a question, with advice. */
export function reportProblems(
  io: Io,
  problems: readonly Problem[],
  command: 'trace' | 'flow' | 'verify' = 'trace',
): void {
  write(
    io,
    problems.flatMap(({ message, help }) => [
      line([`pvefw ${command}: `, message], 4),
      ...(help === null ? [] : [line(['  ', piece('help: ', 'note'), help], 4)]),
    ]),
  )
}

function write(io: Io, lines: readonly StyledLine[]): void {
  io.stderr.write(showLines(lines, lookOf(io.env, io.stderr)))
}
