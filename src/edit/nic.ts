import { LXC_NET, QEMU_NET } from '../config/nic-schema.ts'
import { parsePropertyString } from '../config/property-string.ts'
import type { Guest } from '../config/tree.ts'
import { lineNumber } from '../source/source-file.ts'
import { linesOf, replacement, type Splice } from './edited-text.ts'
import { type EditProblem, wrong } from './problem.ts'

/** Sets a property of a NIC in the config of its guest (`firewall`, `bridge`, `link_down` ...), or takes it out (null). */
export function setNicProperty(
  { conf, nics, vmid, type }: Guest,
  id: string,
  key: string,
  value: string | null,
  by: string,
): readonly Splice[] | EditProblem {
  const nic = nics.find((one) => one.id === id)
  if (nic === undefined) {
    const known = nics.map((one) => one.id).join(', ')
    return wrong(
      `guest ${vmid} has no \`${id}\``,
      known === '' ? 'it has no NIC at all' : `it has ${known}`,
    )
  }
  const schema = type === 'qemu' ? QEMU_NET : LXC_NET
  if (!schema.properties.has(key))
    return wrong(
      `a NIC has no property \`${key}\``,
      `it has ${[...schema.properties.keys()].join(', ')}`,
    )
  const start = nic.span.start + valueStart(conf.text.slice(nic.span.start, nic.span.end))
  const whole = conf.text.slice(start, nic.span.end)
  const found = parsePropertyString(schema, whole).values.get(key)
  const changed =
    found === undefined
      ? value === null
        ? whole
        : `${whole},${key}=${value}`
      : value === null
        ? without(whole, found)
        : `${whole.slice(0, found.start)}${value}${whole.slice(found.end)}`
  if (changed === null)
    return wrong(`\`${key}\` of ${id} cannot be left out`, 'give it another value')
  if (changed === whole) return []
  const error = parsePropertyString(schema, changed).error
  if (error !== null)
    return wrong(
      `\`${key}\` of ${id} cannot be \`${value ?? ''}\``,
      error.replace(/^format error\n/, '').replaceAll('\n', '; '),
    )
  const text = linesOf(conf)
  const line = lineNumber(conf, start) - 1
  const lineStart = conf.lineStarts[line] ?? 0
  const put = (old: string): string =>
    old.slice(0, start - lineStart) + changed + old.slice(nic.span.end - lineStart)
  return [replacement(text, line, put, `changed by ${by}`)]
}

/** Where the value begins in `net0: virtio=...`. */
function valueStart(line: string): number {
  return /^net\d+:[\t\v\f\r ]*/.exec(line)?.[0].length ?? 0
}

/** A property string without the part of a value, and the comma before or behind it; null where the part says more than that. */
function without(
  whole: string,
  value: { readonly start: number; readonly end: number },
): string | null {
  const from = whole.lastIndexOf(',', value.start - 1) + 1
  const next = whole.indexOf(',', value.start)
  const to = next === -1 ? whole.length : next
  const isWhole = value.end === to && /^[a-z][a-z0-9_-]*=$/.test(whole.slice(from, value.start))
  if (!isWhole) return null
  return from === 0 ? whole.slice(to + 1) : whole.slice(0, from - 1) + whole.slice(to)
}
