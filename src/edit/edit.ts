import type { RuleList } from './opened.ts'

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

export type Edit = {
  readonly target: EditTarget
  readonly change: Change
  /** What asked for it, shown beside the lines: `--add`. */
  readonly by: string
  /** The same in full, for problems: "--add `cluster:IN DROP`". */
  readonly asked: string
}
