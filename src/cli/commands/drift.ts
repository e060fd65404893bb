import { namesOf } from '../../firewall/answer.ts'
import { openDrift } from '../../firewall/live.ts'
import { isRefused, type NodeFirewall } from '../../firewall/node-firewall.ts'
import { driftJson, renderDrift } from '../../render/drift-lines.ts'
import { safeJson } from '../../render/escape.ts'
import { lookOf } from '../../render/look.ts'
import { showLines } from '../../render/show.ts'
import { line } from '../../render/styled.ts'
import type { Arguments } from '../arguments.ts'
import { invalidOption, openOptions } from '../configuration.ts'
import { readDumps } from '../dumps.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'
import { reportAll, reportRefusal } from '../report.ts'
import { usageError } from '../usage.ts'

/** `pvefw drift`: how what a node holds differs from what its configuration compiles to. */
export async function drift(given: Arguments, io: Io): Promise<ExitCode> {
  if (!given.lists.has('ruleset'))
    return usageError(io, 'say what the node holds: --ruleset FILE..', 'drift')
  const options = openOptions(given, io.cwd, null, given.text.get('backend') ?? 'auto')
  if ('message' in options) return usageError(io, options.message, 'drift')
  const dumps = await readDumps(given, io)
  if ('message' in dumps) return usageError(io, dumps.message, 'drift')
  const answer = openDrift(dumps.files, options)
  const invalid = invalidOption(answer.diagnostics)
  if (invalid !== null) return usageError(io, invalid.message, 'drift')
  const json = given.flags.has('json')
  if (answer.kind === 'unreadable') {
    const { firewall } = answer
    const errors = answer.diagnostics.filter(({ severity }) => severity === 'error')
    if (firewall !== null && isRefused(firewall)) reportRefusal(io, firewall, namesOf([firewall]))
    else reportAll(io, errors.length > 0 ? errors : answer.diagnostics)
    if (json) io.stdout.write(`${safeJson({ version: 1, error: 'cannot be compared' }, 2)}\n`)
    return EXIT.refused
  }
  const { firewall, drift: found, holds, diagnostics } = answer
  const { node } = firewall.tree
  const names = namesOf(
    [firewall],
    dumps.files.map(({ path }) => path),
  )
  const said = diagnostics.filter(
    ({ code, severity }) =>
      severity !== 'note' && code.startsWith('read/') && code !== 'read/set-missing',
  )
  reportAll(io, said, names)
  if (json) io.stdout.write(`${safeJson(driftJson(node, firewall.backend, found), 2)}\n`)
  else {
    const other = otherBackend(firewall, holds)
    const lines = [...renderDrift(found, names), ...(other === null ? [] : [line([other], 4)])]
    io.stdout.write(showLines(lines, lookOf(io.env, io.stdout)))
  }
  return found.differences.length === 0 ? EXIT.answered : EXIT.unexpected
}

/** The reason behind most differences, where the node was switched and the rules were not. */
function otherBackend({ backend, choice }: NodeFirewall, holds: string | null): string | null {
  if (holds === null || holds === backend) return null
  return `the node holds rules of the ${holds} backend, and ${choice.why}: --backend ${holds} compares with its rules`
}
