import type { FwFile, IptablesConfig } from '../../src/config/dialect/iptables/model.ts'
import { readIptables } from '../../src/config/dialect/iptables/read.ts'
import type { Diagnostic } from '../../src/source/diagnostic.ts'
import { position, quote } from '../../src/source/source-file.ts'
import { probeTree } from './probe-tree.ts'

/** The time at which these tests read. */
export const NOW = 1_750_000_000

/** Files by name (`cluster.fw`, `host.fw`, `100.fw`) read for node pve1 with VM 100 and container 200. */
export function readFw(files: Readonly<Record<string, string>>): IptablesConfig {
  return readIptables(probeTree({ files, guests: { qemu: { '100': {} }, lxc: { '200': {} } } }), {
    now: NOW,
  })
}

/** cluster.fw of this text. Throws when it counts as missing. */
export function clusterFile(text: string): FwFile {
  const { cluster } = readFw({ 'cluster.fw': text })
  if (cluster === null) throw new Error('cluster.fw is empty')
  return cluster
}

/** `2:15 config/bad-port 99999`: line, column, code, and the text that is blamed. */
export function pointed({ code, span }: Diagnostic): string {
  if (span === null) return code
  const { line, column } = position(span)
  return `${line}:${column} ${code} ${quote(span)}`.trimEnd()
}

/** The complaints about a text, in order; about cluster.fw unless another file is named. */
export function complaints(text: string, name = 'cluster.fw'): readonly string[] {
  return readFw({ [name]: text }).diagnostics.map(pointed)
}

/** What the real program prints about a text. */
export function printedFor(text: string, name = 'cluster.fw'): readonly string[] {
  return readFw({ [name]: text }).diagnostics.flatMap(({ upstream }) => upstream)
}

/** The help sentences about a text. */
export function helpFor(text: string, name = 'cluster.fw'): readonly (string | null)[] {
  return readFw({ [name]: text }).diagnostics.map(({ help }) => help)
}
