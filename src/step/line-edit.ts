/** A line of text being typed; `cursor` counts UTF-16 units from its start. */
export type LineEdit = { readonly text: string; readonly cursor: number }

export function lineOf(text: string): LineEdit {
  return { text, cursor: text.length }
}

/** The line after a key, as readline(3) has them; null for a key it does not know. */
export function editLine({ text, cursor }: LineEdit, key: string): LineEdit | null {
  switch (key) {
    case 'left':
      return { text, cursor: before(text, cursor) }
    case 'right':
      return { text, cursor: after(text, cursor) }
    case 'home':
    case 'ctrl-a':
      return { text, cursor: 0 }
    case 'end':
    case 'ctrl-e':
      return { text, cursor: text.length }
    case 'backspace': {
      const start = before(text, cursor)
      return { text: text.slice(0, start) + text.slice(cursor), cursor: start }
    }
    case 'delete':
      return { text: text.slice(0, cursor) + text.slice(after(text, cursor)), cursor }
    case 'ctrl-u':
      return { text: text.slice(cursor), cursor: 0 }
    case 'ctrl-k':
      return { text: text.slice(0, cursor), cursor }
    case 'ctrl-w': {
      const kept = text.slice(0, cursor).replace(/\S*\s*$/, '')
      return { text: kept + text.slice(cursor), cursor: kept.length }
    }
    default:
      return [...key].length === 1 ? insert({ text, cursor }, key) : null
  }
}

/** Text put in at the cursor: what was pasted, without what is no printable character. */
export function insert({ text, cursor }: LineEdit, more: string): LineEdit {
  const clean = more.replace(/[\r\n\t]+/g, ' ').replace(/\p{Cc}/gu, '')
  return {
    text: text.slice(0, cursor) + clean + text.slice(cursor),
    cursor: cursor + clean.length,
  }
}

function before(text: string, cursor: number): number {
  const last = [...text.slice(0, cursor)].at(-1)
  return cursor - (last?.length ?? 0)
}

function after(text: string, cursor: number): number {
  const [next] = text.slice(cursor)
  return cursor + (next?.length ?? 0)
}
