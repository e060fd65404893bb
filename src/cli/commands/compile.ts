import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { namesOf } from '../../answer.ts'
import { type HandedFile, renderHanded } from '../../render/iptables-save.ts'
import type { Arguments } from '../arguments.ts'
import { openConfiguration } from '../configuration.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Io } from '../io.ts'
import { reportAll } from '../report.ts'
import { usageError } from '../usage.ts'

/** What each `--format` prints. A filter table before its raw table, as they are handed over. */
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
  reportAll(io, [...warnings, ...firewall.diagnostics], namesOf([firewall]))
  const { handed } = firewall.compiled
  if (handed === null) return EXIT.refused
  const texts = renderHanded(handed)
  if (format !== undefined) {
    for (const file of FORMATS[format] ?? []) {
      if (!io.stdout.write(texts[file], 'latin1')) break
      await io.stdout.drained()
    }
    return EXIT.answered
  }
  return directory === null ? EXIT.answered : writeFiles(directory, texts, io)
}

function writeFiles(
  directory: string,
  texts: Readonly<Record<HandedFile, string>>,
  io: Io,
): ExitCode {
  try {
    mkdirSync(directory, { recursive: true })
    for (const [file, text] of Object.entries(texts))
      writeFileSync(join(directory, file), text, 'latin1')
    return EXIT.answered
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return usageError(io, `cannot write to ${directory}: ${error.message}`, 'compile')
  }
}

/** Below /etc/pve, also by way of a symbolic link in a part of the path that exists. */
function isLiveConfiguration(directory: string): boolean {
  return [directory, realDirectory(directory)].some(
    (path) => path === '/etc/pve' || path.startsWith(`/etc/pve${sep}`),
  )
}

function realDirectory(directory: string): string {
  try {
    return realpathSync(directory)
  } catch {
    const parent = dirname(directory)
    if (parent === directory) return directory
    return join(realDirectory(parent), directory.slice(parent.length))
  }
}
