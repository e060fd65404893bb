/** One command of a README's ```console block, with the output that follows it there. */
export type ConsoleCommand = {
  /** One-based line of the `$ ` in the README. */
  readonly line: number
  readonly command: string
  readonly output: string
}

/** What a README is made of: text that stays as it is, and commands whose output can be replaced. */
export type ConsolePart =
  | { readonly kind: 'text'; readonly text: string }
  | ({ readonly kind: 'command' } & ConsoleCommand)

/** Takes a README apart. Joined again by {@link joinConsole} it is the same text. */
export function splitConsole(markdown: string): readonly ConsolePart[] {
  const parts: ConsolePart[] = []
  const lines = markdown.split(/(?<=\n)/)
  let inside = false
  let command: { line: number; command: string; output: string } | null = null
  const flush = (): void => {
    if (command !== null) parts.push({ kind: 'command', ...command })
    command = null
  }
  for (const [index, line] of lines.entries()) {
    if (inside && line.startsWith('$ ')) {
      flush()
      command = { line: index + 1, command: line.slice(2).trimEnd(), output: '' }
    } else if (command !== null && !line.startsWith('```')) {
      command.output += line
    } else {
      if (line.startsWith('```')) {
        flush()
        inside = !inside && line.trimEnd() === '```console'
      }
      parts.push({ kind: 'text', text: line })
    }
  }
  flush()
  return parts
}

/** The README with these parts. */
export function joinConsole(parts: readonly ConsolePart[]): string {
  return parts
    .map((part) => (part.kind === 'text' ? part.text : `$ ${part.command}\n${part.output}`))
    .join('')
}

/** Words of a command line as a shell without expansions has them; null when a quote is not closed. */
export function shellWords(command: string): readonly string[] | null {
  const words: string[] = []
  const pattern = /[ \t]*((?:[^ \t'"\\]+|'[^']*'|"[^"\\]*"|\\.)+)/gy
  let end = 0
  for (const match of command.trimEnd().matchAll(pattern)) {
    words.push(
      (match[1] ?? '').replace(/'([^']*)'|"([^"]*)"|\\(.)/g, (_all, a, b, c) => a ?? b ?? c ?? ''),
    )
    end = match.index + match[0].length
  }
  return end === command.trimEnd().length ? words : null
}
