import type { RestoreLine } from '../../netfilter/restore.ts'
import type { Span } from '../../source/source-file.ts'
import { lineOf } from './dump-line.ts'

/** Elements of sets that are read of one dump: no node has so many. */
export const mostElements = 1_000_000

/** One set of `ipset save`. */
export type SavedSet = {
  readonly name: string
  readonly create: RestoreLine
  readonly adds: readonly RestoreLine[]
  /** There were more than are read. */
  readonly isCut: boolean
}

/** The sets of a dump, as their lines come in. */
export type SetLines = {
  /** False for a line that is about no set. */
  readonly take: (text: string, span: Span) => boolean
  readonly finished: () => readonly SavedSet[]
}

export function newSetLines(): SetLines {
  const sets = new Map<string, { create: RestoreLine; adds: RestoreLine[]; isCut: boolean }>()
  let elements = 0
  return {
    take: (text, span) => {
      const [, command, name = ''] = /^(create|add) ([^ ]+)/.exec(text) ?? []
      if (command === undefined) return false
      const set = sets.get(name)
      if (command === 'create') {
        if (set === undefined)
          sets.set(name, { create: lineOf(text, span), adds: [], isCut: false })
        return true
      }
      if (set === undefined) return false
      elements += 1
      if (elements > mostElements) set.isCut = true
      else set.adds.push(lineOf(text, span))
      return true
    },
    finished: () => [...sets].map(([name, set]) => ({ name, ...set })),
  }
}
