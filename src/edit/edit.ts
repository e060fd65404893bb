import type { DiagnosticCode } from '../source/codes.ts'
import type { NamedKind } from './name.ts'
import type { RuleList } from './opened.ts'
import type { RuleField, RuleFields } from './rule-text.ts'

/** The file an edit is about. */
export type EditTarget =
  | { readonly kind: 'cluster' }
  /** `node` null: the node asked about. */
  | { readonly kind: 'host'; readonly node: string | null }
  | { readonly kind: 'guest'; readonly vmid: number }
  | { readonly kind: 'vnet'; readonly name: string }

/** One change of one file. Texts are bytes, like those of files; positions count rules from 0. */
export type Change =
  /** `value` null: the option is taken out. */
  | { readonly kind: 'option'; readonly key: string; readonly value: string | null }
  | {
      readonly kind: 'nic'
      readonly nic: string
      readonly key: string
      readonly value: string | null
    }
  | {
      readonly kind: 'insert-rule'
      readonly list: RuleList
      readonly position: number
      readonly line: string
    }
  | {
      readonly kind: 'replace-rule'
      readonly list: RuleList
      readonly position: number
      readonly line: string
    }
  | { readonly kind: 'remove-rule'; readonly list: RuleList; readonly position: number }
  | {
      readonly kind: 'move-rule'
      readonly list: RuleList
      readonly position: number
      /** The rule it goes before, by its position now; as many as there are: to the end. */
      readonly before: number
    }
  | {
      readonly kind: 'toggle-rule'
      readonly list: RuleList
      readonly position: number
      readonly on: boolean
    }
  /** Fields of a rule set and taken out, the others as they are; then it is written as pve-firewall writes it. */
  | {
      readonly kind: 'update-rule'
      readonly list: RuleList
      readonly position: number
      readonly set: RuleFields
      readonly unset: readonly RuleField[]
    }
  | {
      readonly kind: 'create-section'
      readonly of: NamedKind
      readonly name: string
      readonly comment: string | null
    }
  | {
      readonly kind: 'delete-section'
      readonly of: NamedKind
      readonly name: string
      readonly force: boolean
    }
  | {
      readonly kind: 'rename-section'
      readonly of: NamedKind
      readonly from: string
      readonly name: string
      /** Null: it keeps the one it has. */
      readonly comment: string | null
    }
  | { readonly kind: 'rename-group-uses'; readonly from: string; readonly to: string }
  /** `replaces` null: a new alias; else the name of the one that this takes the place of. */
  | {
      readonly kind: 'put-alias'
      readonly replaces: string | null
      readonly name: string
      readonly cidr: string
      readonly comment: string | null
    }
  | { readonly kind: 'remove-alias'; readonly name: string }
  /** `replaces`: the entry of that address changes; else it is a new one. */
  | {
      readonly kind: 'put-entry'
      readonly set: string
      readonly cidr: string
      readonly nomatch: boolean
      readonly comment: string | null
      readonly replaces: boolean
    }
  | { readonly kind: 'remove-entry'; readonly set: string; readonly cidr: string }

export type Edit = {
  readonly target: EditTarget
  readonly change: Change
  /** What asked for it, shown beside the lines: `--add`. */
  readonly by: string
  /** The same in full, for problems: "--add `cluster:IN DROP`". */
  readonly asked: string
  /** What to know of it beforehand; left out: nothing. */
  readonly note?: {
    readonly code: DiagnosticCode
    readonly message: string
    readonly help: string
  }
}
