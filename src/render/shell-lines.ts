/**
 * A command of a shell as lines of at most `width` columns where that can be, which mean the same when they are pasted:
 * broken before an option, with a `\` before, or behind `&&` and `||`. Of quoted text only a script of `sh -c` is broken.
 */
export function shellLines(command: string, width: number): readonly string[] {
  if (command.length <= width) return [command]
  const lines: string[] = []
  let current = ''
  for (const { text, joint } of partsOf(command)) {
    const end = joint === 'option' ? ' \\' : ''
    if (current !== '' && current.length + text.length + 2 > width) {
      lines.push(current.trimEnd() + end)
      current = `  ${text.trimStart()}`
    } else current += text
  }
  return [...lines, current]
}

/** What stands between two places where a line may end; `joint`: what is before it. */
type Part = { readonly text: string; readonly joint: 'option' | 'operator' }

function partsOf(command: string): readonly Part[] {
  const isScript = / \/bin\/sh -c '/.test(command)
  const parts: Part[] = []
  let joint: Part['joint'] = 'operator'
  let from = 0
  let isQuoted = false
  const cut = (at: number, next: Part['joint']): void => {
    parts.push({ text: command.slice(from, at), joint })
    from = at
    joint = next
  }
  for (let at = 0; at < command.length; at += 1) {
    if (command[at] === "'") isQuoted = !isQuoted
    const ahead = command.slice(at, at + 4)
    const isOpen = !isQuoted || isScript
    if (isScript && command.startsWith(" -c '", at - 5)) cut(at, 'operator')
    else if (isOpen && /^ --[a-z]/.test(ahead)) cut(at, 'option')
    else if (/^ (?:&&|\|\|) /.test(ahead) && isOpen) cut(at + 3, 'operator')
  }
  cut(command.length, 'operator')
  return parts
}
