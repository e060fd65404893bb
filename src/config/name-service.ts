import type { SourceFile } from '../source/source-file.ts'
import { DEBIAN_NAMES, ETHERTYPES, PROTOCOLS, SERVICES } from './debian-names.ts'
import type { Ethertypes, Protocols, Services } from './tree.ts'
import { eachLine, wordsBeforeHash } from './words.ts'

/**
 * Reads /etc/services as getservbyname(3) does: `name port/protocol alias...`, `#` starts a comment.
 * pve-firewall (Firewall.pm `get_etc_services`) knows the first column of the tcp, udp and sctp entries only.
 */
export function parseServices(file: SourceFile): Services {
  const entries: Services['entries'][number][] = []
  eachLine(file.text, (start, end) => {
    const [name, port, ...aliases] = wordsBeforeHash(file.text, start, end)
    const parts = /^(\d{1,5})\/(.+)$/.exec(port?.text ?? '')
    if (name === undefined || parts === null) return
    entries.push({
      name: name.text,
      aliases: aliases.map((alias) => alias.text),
      port: Number(parts[1]),
      protocol: parts[2] as string,
    })
  })
  return { from: file.path, entries }
}

/**
 * Reads /etc/protocols. `byName` holds what pve-firewall knows (Firewall.pm `parse_protocol_file`: a name at
 * the start of the line, blanks, a decimal number); `aliases` what only getprotobyname(3) knows besides.
 */
export function parseProtocols(file: SourceFile): Protocols {
  const byName = new Map<string, number>()
  const aliases = new Map<string, number>()
  eachLine(file.text, (start, end) => {
    const listed = nameAndDigits(file.text, start, end)
    if (listed !== null) byName.set(listed.name, Number(listed.digits))
    const [name, number, ...others] = wordsBeforeHash(file.text, start, end)
    if (name === undefined || number === undefined || !/^\d{1,9}$/.test(number.text)) return
    for (const { text } of [name, ...others])
      if (!aliases.has(text)) aliases.set(text, Number(number.text))
  })
  for (const name of byName.keys()) aliases.delete(name)
  return { from: file.path, byName, aliases }
}

/** Reads /etc/ethertypes: `name hexadecimal alias...`, by the first column. */
export function parseEthertypes(file: SourceFile): Ethertypes {
  const byName = new Map<string, string>()
  eachLine(file.text, (start, end) => {
    const [name, number] = wordsBeforeHash(file.text, start, end)
    if (name?.start === start && number !== undefined && /^[0-9a-f]{1,8}$/i.test(number.text))
      byName.set(name.text, number.text)
  })
  return { from: file.path, byName }
}

const PROTOCOL_LETTERS: Readonly<Record<string, string>> = {
  t: 'tcp',
  u: 'udp',
  s: 'sctp',
  d: 'ddp',
}

/** Debian's /etc/services. */
export function builtInServices(): Services {
  const entries = builtIn(SERVICES).flatMap(([name = '', port = '', ...aliases]) => {
    const digits = /^\d+/.exec(port)?.[0] ?? ''
    return [...port.slice(digits.length)].map((letter) => ({
      name,
      aliases,
      port: Number(digits),
      protocol: PROTOCOL_LETTERS[letter] ?? letter,
    }))
  })
  return { from: DEBIAN_NAMES, entries }
}

/** Debian's /etc/protocols. */
export function builtInProtocols(): Protocols {
  const byName = new Map<string, number>()
  const aliases = new Map<string, number>()
  for (const [name = '', number, ...others] of builtIn(PROTOCOLS)) {
    byName.set(name, Number(number))
    for (const alias of others) aliases.set(alias, Number(number))
  }
  for (const name of byName.keys()) aliases.delete(name)
  return { from: DEBIAN_NAMES, byName, aliases }
}

/** Debian's /etc/ethertypes. */
export function builtInEthertypes(): Ethertypes {
  const byName = new Map<string, string>()
  for (const [name = '', number = ''] of builtIn(ETHERTYPES)) byName.set(name, number)
  return { from: DEBIAN_NAMES, byName }
}

function builtIn(table: string): readonly (readonly string[])[] {
  return table.split(';').map((entry) => entry.trim().split(/\s+/))
}

/** The part of a line `^(\S+)\s+(\d+)(\s.*)?$` matches in Perl; null when it does not. */
function nameAndDigits(
  text: string,
  start: number,
  end: number,
): { readonly name: string; readonly digits: string } | null {
  if (text.startsWith('#', start)) return null
  const words = text.slice(start, Math.min(end, start + 1000)).split(/[ \t\r\f\v]+/)
  const [name = '', digits = ''] = words
  return name !== '' && /^\d{1,9}$/.test(digits) ? { name, digits } : null
}
