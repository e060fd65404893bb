import { resolve } from 'node:path'
import { isWrong } from '../edit/problem.ts'
import type { AskedBackend } from '../firewall/backend-choice.ts'
import { editedFirewall } from '../firewall/edited.ts'
import {
  firewallOf,
  type NodeFirewall,
  type OpenOptions,
  openFirewall,
} from '../firewall/node-firewall.ts'
import type { Diagnostic } from '../source/diagnostic.ts'
import type { Arguments } from './arguments.ts'

export type Configuration =
  | {
      readonly kind: 'opened'
      readonly firewall: NodeFirewall
      /** The firewall of the other backend: with `--backend both`. */
      readonly other: NodeFirewall | null
      readonly warnings: readonly Diagnostic[]
      /** Those of the warnings that are about edits of the command line. */
      readonly notes: readonly Diagnostic[]
    }
  | { readonly kind: 'usage'; readonly message: string }
  | {
      readonly kind: 'unreadable'
      readonly diagnostics: readonly Diagnostic[]
      /** `--anyway` would go on without the files that cannot be read. */
      readonly couldGoOn: boolean
    }

/**
 * Reads and compiles what `--root` and its companions name. `guest`: whose node is meant if nothing else says. `both`
 * opens the iptables backend, and the nftables one beside it.
 */
export function openConfiguration(
  given: Arguments,
  cwd: string,
  guest: string | null,
  backend: string = given.text.get('backend') ?? 'auto',
): Configuration {
  const options = openOptions(given, cwd, guest, backend)
  if ('message' in options) return { kind: 'usage', message: options.message }
  const { firewall, diagnostics, unread } = openFirewall(options)
  const invalid = invalidOption(diagnostics)
  if (invalid !== null) return invalid
  if (firewall === null) return { kind: 'unreadable', diagnostics, couldGoOn: false }
  if (unread.length > 0 && !given.flags.has('anyway')) {
    const why = diagnostics.filter(({ code }) => code === 'config/unreadable-file')
    return { kind: 'unreadable', diagnostics: why, couldGoOn: true }
  }
  const after = editedFirewall(firewall, given.edits)
  if (isWrong(after)) return { kind: 'usage', message: `${after.problem}; ${after.help}` }
  const other = backend === 'both' ? otherBackend(firewall, given, options) : null
  return {
    kind: 'opened',
    firewall: after.firewall,
    other,
    warnings: [...after.notes, ...after.firewall.choice.diagnostics],
    notes: after.notes,
  }
}

/** The firewall of the nftables backend, edited likewise: what one backend takes, the other does. */
function otherBackend(
  { tree }: NodeFirewall,
  { edits }: Arguments,
  options: OpenOptions,
): NodeFirewall {
  const other = firewallOf(tree, { ...options, backend: 'nftables' })
  const after = editedFirewall(other, edits)
  return isWrong(after) ? other : after.firewall
}

/** The same before any edit: where today is compared with what would be. */
export function openUnedited(given: Arguments, cwd: string, backend?: string): Configuration {
  return openConfiguration({ ...given, edits: [] }, cwd, null, backend)
}

/** What is to be read, or what is wrong with how that was said. */
export function openOptions(
  given: Arguments,
  cwd: string,
  guest: string | null,
  backend: string,
): OpenOptions | { readonly message: string } {
  const said = (name: string): string | null => given.text.get(name) ?? null
  const problem = problemOf(given, backend)
  if (problem !== null) return { message: problem }
  const bridgeNfCall = said('bridge-nf-call')
  const nftVersion = said('nft-version')
  return {
    root: resolve(cwd, said('root') ?? '/'),
    node: said('node'),
    guest,
    hostIp: said('host-ip'),
    localNetwork: said('local-network'),
    backend: backend === 'both' ? 'iptables' : (backend as AskedBackend),
    bridgeNfCall: bridgeNfCall === null ? null : bridgeNfCall === '1',
    ...(nftVersion === null ? {} : { nftVersion }),
  }
}

/** A value of the command line that reading found wrong. */
export function invalidOption(
  diagnostics: readonly Diagnostic[],
): Extract<Configuration, { kind: 'usage' }> | null {
  const invalid = diagnostics.find(({ code }) => code === 'config/invalid-option')
  if (invalid === undefined) return null
  return { kind: 'usage', message: `${invalid.message}: ${invalid.help ?? ''}` }
}

function problemOf({ text }: Arguments, backend: string): string | null {
  if (text.get('root') === '') return '--root is empty'
  const version = text.get('nft-version')
  if (version !== undefined && !/^\d+(?:\.\d+){0,3}$/.test(version))
    return '--nft-version is a version of nft, such as 1.1.3'
  if (text.has('bridge-nf-call') && backend === 'iptables')
    return '--bridge-nf-call is for the nftables backend: pve-firewall sets it to 1 itself'
  return null
}
