import type { Json } from '../../netfilter/nft/command.ts'
import type { DiagnosticCode } from '../../source/codes.ts'

/** Why nft or the kernel refuses one command. */
export type Complaint = {
  readonly code: DiagnosticCode
  /** What nft prints, behind `Error: `. */
  readonly message: string
  /** Half a sentence for people. */
  readonly cause: string
  readonly help: string
  /** Index of the element to blame in `add element`; null for the whole command. */
  readonly element: number | null
  /** Index of an element it clashes with. */
  readonly other: number | null
}

export function complaint(
  code: DiagnosticCode,
  message: string,
  cause: string,
  help: string,
): Complaint {
  return { code, message, cause, help, element: null, other: null }
}

export const NO_SUCH = 'Could not process rule: No such file or directory'
export const OUT_OF_RANGE = 'Could not process rule: Numerical result out of range'

export function isObject(json: Json | undefined): json is { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

export function isList(json: Json | undefined): json is readonly Json[] {
  return Array.isArray(json)
}

/** The value at a path of keys; undefined when there is none. */
export function at(json: Json | undefined, ...path: readonly string[]): Json | undefined {
  let value = json
  for (const key of path) value = isObject(value) ? value[key] : undefined
  return value
}

export function textAt(json: Json | undefined, ...path: readonly string[]): string | null {
  const value = at(json, ...path)
  return typeof value === 'string' ? value : null
}

/** The kernel holds names of up to 255 bytes (NFT_NAME_MAXLEN, include/uapi/linux/netfilter/nf_tables.h). */
export function checkName(name: string, what: string): Complaint | null {
  const length = Buffer.byteLength(name)
  if (length <= 255) return null
  return complaint(
    'nftables/nft-name-too-long',
    length === 256 ? OUT_OF_RANGE : 'name too long, 256 characters maximum allowed',
    `the ${what} has a name of ${length} bytes, 255 are allowed`,
    'shorten the name of the group or IPSet',
  )
}

/** Interface names have up to 15 bytes (IFNAMSIZ); a leading `@` names a set, a lone `*` is no name. */
export function checkInterface(name: string): Complaint | null {
  const refuse = (message: string, cause: string): Complaint =>
    complaint('nftables/nft-interface-name', message, cause, 'correct the name of the interface')
  if (name.startsWith('@'))
    return refuse('No such file or directory', `\`${name}\` is taken for an nft set`)
  if (name === '*')
    return refuse(
      'datatype mismatch, expected network interface name, expression has type invalid',
      '`*` alone is no interface name',
    )
  if (Buffer.byteLength(name) <= 15) return null
  return refuse(
    'String exceeds maximum length of 16',
    `\`${name}\` is longer than the 15 bytes an interface name can have`,
  )
}
