import { resolve } from 'node:path'
import { DEFAULT_NFT_VERSION, isAtLeast } from '../../compile/nftables/nft-version.ts'
import { namesOf } from '../../firewall/answer.ts'
import { nftFiles } from '../../firewall/nft-files.ts'
import { isRefused, type NodeFirewall } from '../../firewall/node-firewall.ts'
import { type HandedFile, renderHanded } from '../../render/iptables-save.ts'
import { renderNftJson } from '../../render/nft-json.ts'
import { renderNftText } from '../../render/nft-text.ts'
import type { Arguments } from '../arguments.ts'
import { openConfiguration } from '../configuration.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'
import { isLiveConfiguration, type OutputFiles, writeFiles } from '../output-files.ts'
import { reportAll, reportNftRefusal } from '../report.ts'
import { usageError } from '../usage.ts'

/** What each `--format` of the iptables backend prints. A filter table before its raw table, as they are handed over. */
const FORMATS: Readonly<Record<string, readonly HandedFile[]>> = {
  'iptables-save': ['v4.rules', 'v4raw.rules'],
  'ip6tables-save': ['v6.rules', 'v6raw.rules'],
  ipset: ['ipset.txt'],
  ebtables: ['ebtables.txt'],
}

/** `pvefw compile`: the texts for the kernel's tools, to files or one of them to standard output. */
export async function compile(given: Arguments, io: Io): Promise<ExitCode> {
  const out = given.text.get('out')
  const format = given.text.get('format')
  if ((out === undefined) === (format === undefined))
    return usageError(
      io,
      out === undefined
        ? 'say where the files go (--out DIR) or which one to print (--format iptables-save)'
        : '--out and --format: choose one',
      'compile',
    )
  const directory = out === undefined ? null : resolve(io.cwd, out)
  if (directory !== null && isLiveConfiguration(directory))
    return usageError(
      io,
      `${out} is below /etc/pve, the configuration of the live cluster`,
      'compile',
    )
  const opened = openConfiguration(given, io.cwd, null)
  if (opened.kind === 'usage') return usageError(io, opened.message, 'compile')
  if (opened.kind === 'unreadable') {
    reportAll(io, opened.diagnostics)
    return EXIT.refused
  }
  const { firewall, warnings } = opened
  if (format !== undefined && format in FORMATS !== (firewall.backend === 'iptables'))
    return usageError(io, otherFormat(format, firewall), 'compile')
  const names = namesOf([firewall])
  reportNftRefusal(io, firewall, names)
  reportAll(io, [...warnings, ...firewall.diagnostics], names)
  const written = await write(firewall, given, directory, io)
  if (written !== EXIT.answered) return written
  return firewall.backend === 'nftables' && isRefused(firewall) ? EXIT.refused : written
}

function write(
  firewall: NodeFirewall,
  given: Arguments,
  directory: string | null,
  io: Io,
): Promise<ExitCode> {
  if (firewall.backend === 'iptables') return writeIptables(firewall, given, directory, io)
  return writeNftables(firewall, given, directory, io)
}

async function writeIptables(
  { compiled }: Extract<NodeFirewall, { readonly backend: 'iptables' }>,
  given: Arguments,
  directory: string | null,
  io: Io,
): Promise<ExitCode> {
  if (compiled.handed === null) return EXIT.refused
  const texts = renderHanded(compiled.handed)
  if (directory !== null) return writeFiles(directory, texts, io)
  const files = FORMATS[given.text.get('format') ?? ''] ?? []
  return print(
    files.map((file) => texts[file]),
    io,
  )
}

async function writeNftables(
  { compiled }: Extract<NodeFirewall, { readonly backend: 'nftables' }>,
  given: Arguments,
  directory: string | null,
  io: Io,
): Promise<ExitCode> {
  if (compiled.state === 'refused') return EXIT.refused
  if (directory !== null) {
    const files: OutputFiles = nftFiles(compiled)
    return writeFiles(directory, files, io)
  }
  const version = given.text.get('nft-version') ?? DEFAULT_NFT_VERSION
  const text =
    given.text.get('format') === 'nft'
      ? renderNftText(compiled.tables, isAtLeast(version, '1.1.0') ? 'operators' : 'slashes')
      : renderNftJson(compiled.tables, version)
  return print([text], io)
}

async function print(texts: readonly string[], io: Io): Promise<ExitCode> {
  for (const text of texts) {
    if (!io.stdout.write(text, 'latin1')) break
    await io.stdout.drained()
  }
  return EXIT.answered
}

function otherFormat(format: string, { backend, tree, choice }: NodeFirewall): string {
  const wanted = backend === 'iptables' ? 'nftables' : 'iptables'
  const taken = choice.asked ? '' : `; ${tree.node} runs the ${backend} one, as ${choice.why}`
  return `--format ${format} is of the ${wanted} backend (--backend ${wanted})${taken}`
}
