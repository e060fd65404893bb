import { type EditProblem, wrong } from './problem.ts'

/**
 * The commands of a pasted text, each as its words, as a POSIX shell splits them: quotes, `\`, a `\` at the end of a line,
 * comments; commands end at a newline, `;` or `&&`. What only a running shell could tell (variables, pipes) is a problem.
 */
export function shellCommands(text: string): readonly (readonly string[])[] | EditProblem {
  const commands: string[][] = [[]]
  let word: string | null = null
  let at = 0
  const end = (): void => {
    if (word !== null) commands.at(-1)?.push(word)
    word = null
  }
  while (at < text.length) {
    const char = text.charAt(at)
    const pair = text.slice(at, at + 2)
    if (char === '\\') {
      if (text.charAt(at + 1) !== '\n') word = (word ?? '') + text.charAt(at + 1)
      at += 2
    } else if (char === "'" || char === '"') {
      const read = quotedText(text, at)
      if ('problem' in read) return read
      word = (word ?? '') + read.text
      at = read.next
    } else if (char === '\n' || char === ';' || pair === '&&') {
      end()
      commands.push([])
      at += pair === '&&' ? 2 : 1
    } else if (char === ' ' || char === '\t' || char === '\r') {
      end()
      at += 1
    } else if (char === '#' && word === null) {
      while (at < text.length && text.charAt(at) !== '\n') at += 1
    } else if (/[$`|&<>()]/.test(char)) {
      return wrong(
        `\`${char}\` means something to a shell`,
        'quote it, or write out what it stands for',
      )
    } else {
      word = (word ?? '') + char
      at += 1
    }
  }
  end()
  return commands.filter((words) => words.length > 0)
}

function quotedText(
  text: string,
  start: number,
): { readonly text: string; readonly next: number } | EditProblem {
  const quote = text.charAt(start)
  let read = ''
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charAt(at)
    if (char === quote) return { text: read, next: at + 1 }
    if (quote === "'" || !/[\\$`]/.test(char)) read += char
    else if (char !== '\\')
      return wrong(
        `\`${char}\` means something to a shell`,
        'put it into single quotes, or write out what it stands for',
      )
    else {
      at += 1
      const escaped = text.charAt(at)
      if (escaped === '\n') continue
      read += /[\\$`"]/.test(escaped) ? escaped : `\\${escaped}`
    }
  }
  return wrong(`a quote (${quote}) is not closed`, 'close it')
}
