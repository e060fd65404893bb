import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ConsolePart, joinConsole, shellWords, splitConsole } from '../support/console.ts'
import { repository, runCli } from '../support/run-cli.ts'

const examples = readdirSync(join(repository, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort()

/** The README as it is when every command is run again. `echo $?` is the exit code of the command before. */
async function runAgain(parts: readonly ConsolePart[]): Promise<readonly ConsolePart[]> {
  const done: ConsolePart[] = []
  let code = 0
  for (const part of parts) {
    if (part.kind === 'text') {
      done.push(part)
      continue
    }
    if (part.command === 'echo $?') {
      done.push({ ...part, output: `${code}\n` })
      continue
    }
    const [program, ...argv] = shellWords(part.command) ?? []
    if (program !== 'pvefw') throw new Error(`line ${part.line}: not a pvefw command`)
    const result = await runCli(argv)
    code = result.code
    done.push({ ...part, output: result.screen })
  }
  return done
}

it('there are examples', () => {
  expect(examples).toContain('small-office')
})

it('the list of examples names each of them', () => {
  const list = readFileSync(join(repository, 'examples/README.md'), 'utf8')
  expect(examples.filter((name) => !list.includes(`](${name}/README.md)`))).toEqual([])
})

describe.each(examples)('%s', (name) => {
  const path = join(repository, 'examples', name, 'README.md')
  const parts = splitConsole(readFileSync(path, 'utf8'))

  it('has commands in its README', () => {
    expect(parts.filter((part) => part.kind === 'command').length).toBeGreaterThan(2)
  })

  it('its commands print what its README shows', async () => {
    await expect(joinConsole(await runAgain(parts))).toMatchFileSnapshot(path)
  })
})

describe('the README of the repository', () => {
  const path = join(repository, 'README.md')

  it('shows what its commands print', async () => {
    const parts = splitConsole(readFileSync(path, 'utf8'))
    expect(parts.filter((part) => part.kind === 'command').length).toBeGreaterThan(2)
    await expect(joinConsole(await runAgain(parts))).toMatchFileSnapshot(path)
  })
})

describe('console blocks', () => {
  const readme =
    "Text\n\n```console\n$ pvefw a 'b c'\none\n\ntwo\n$ pvefw d\n```\n\n```sh\n$ no\n```\n"

  it('are commands with the output that follows', () => {
    expect(splitConsole(readme).filter((part) => part.kind === 'command')).toEqual([
      { kind: 'command', line: 4, command: "pvefw a 'b c'", output: 'one\n\ntwo\n' },
      { kind: 'command', line: 8, command: 'pvefw d', output: '' },
    ])
  })

  it('stay as they are when taken apart and joined', () => {
    expect(joinConsole(splitConsole(readme))).toBe(readme)
  })

  const words: readonly [string, readonly string[] | null][] = [
    ["pvefw trace '1 -> 2'", ['pvefw', 'trace', '1 -> 2']],
    ['pvefw  --a="b c"\\ d', ['pvefw', '--a=b c d']],
    ["pvefw ''", ['pvefw', '']],
    ["pvefw 'open", null],
  ]
  it.each(words)('%j is read as a shell would', (command, expected) => {
    expect(shellWords(command)).toEqual(expected)
  })
})
