import type { StepEvent } from '../step/reduce.ts'

/** What stands between the start and the end of a paste (bracketed paste, xterm ctlseqs). */
export const PASTE = { start: '\u001b[200~', end: '\u001b[201~' } as const

/** Keys that terminals send as sequences: xterm, vt220 and the Linux console. */
const SEQUENCES: ReadonlyMap<string, string> = new Map([
  ...(
    [
      ['A', 'up'],
      ['B', 'down'],
      ['C', 'right'],
      ['D', 'left'],
      ['H', 'home'],
      ['F', 'end'],
    ] as const
  ).flatMap(([letter, key]) => [
    [`\u001b[${letter}`, key] as const,
    [`\u001bO${letter}`, key] as const,
  ]),
  ['\u001b[1~', 'home'],
  ['\u001b[7~', 'home'],
  ['\u001b[4~', 'end'],
  ['\u001b[8~', 'end'],
  ['\u001b[3~', 'delete'],
  ['\u001b[5~', 'page-up'],
  ['\u001b[6~', 'page-down'],
  ['\u001b[Z', 'shift-tab'],
])

const SINGLE: ReadonlyMap<string, string> = new Map([
  ['\u001b', 'escape'],
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\t', 'tab'],
  ['\u007f', 'backspace'],
  ['\b', 'backspace'],
  [' ', 'space'],
])

/** A paste that has begun and not ended; null: none. */
export type Pasting = string | null

/**
 * The events of a piece of input: one escape sequence, or a run of text. A run is as many keys as it has characters,
 * except in a paste. Sequences that no key is bound to are nothing.
 */
export function eventsOf(
  input: string,
  pasting: Pasting,
): { readonly events: readonly StepEvent[]; readonly pasting: Pasting } {
  if (input === PASTE.start) return { events: [], pasting: '' }
  if (input === PASTE.end)
    return { events: pasting === null ? [] : [{ kind: 'paste', text: pasting }], pasting: null }
  if (pasting !== null) return { events: [], pasting: pasting + input }
  const sequence = SEQUENCES.get(input)
  if (sequence !== undefined) return { events: [{ kind: 'key', key: sequence }], pasting }
  if (input.length > 1 && input.startsWith('\u001b')) return { events: hurried(input), pasting }
  const events = [...input].map((character): StepEvent => ({ kind: 'key', key: keyOf(character) }))
  return { events, pasting }
}

/** Escape and the key behind it, typed so fast that they came as one: nothing is bound to Alt. */
function hurried(input: string): readonly StepEvent[] {
  const [, next, ...more] = [...input]
  if (next === undefined || more.length > 0) return []
  return [
    { kind: 'key', key: 'escape' },
    { kind: 'key', key: keyOf(next) },
  ]
}

function keyOf(character: string): string {
  const known = SINGLE.get(character)
  if (known !== undefined) return known
  const code = character.charCodeAt(0)
  return code < 0x20 ? `ctrl-${String.fromCharCode(code + 0x60)}` : character
}
