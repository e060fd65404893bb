import type { FwFile } from '../../config/dialect/iptables/model.ts'
import { isTrue } from '../../config/dialect/iptables/perl.ts'
import type { Span } from '../../source/source-file.ts'

/** Options of a .fw file, by lower-case key. */
export type Options = FwFile['options']

const NONE: Options = new Map()

/** Options of a file that may be missing. */
export function optionsOf(file: FwFile | null): Options {
  return file === null ? NONE : file.options
}

/** A switch and where it stands (null: the default). */
export type Switch = { readonly on: boolean; readonly span: Span | null }

/** A 0/1 option. Absent it is `otherwise`; Firewall.pm writes the two kinds as `!defined || != 0` and as plain truth. */
export function flag(options: Options, key: string, otherwise: boolean): Switch {
  const option = options.get(key)
  if (option === undefined) return { on: otherwise, span: null }
  return { on: isTrue(option.value), span: option.span }
}

/** Where an option stands, or null. */
export function optionSpan(options: Options, key: string): Span | null {
  return options.get(key)?.span ?? null
}
