import type { LineEdit } from './line-edit.ts'

/** What is chosen one after the other. */
export type Stage = 'node' | 'from' | 'to' | 'service'

export type Picker = {
  readonly stage: Stage
  /** What is typed: narrows the list, and is an answer of its own. */
  readonly filter: LineEdit
  readonly index: number
  readonly from: string | null
  readonly to: string | null
}
