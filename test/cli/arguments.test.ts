import { describe, expect, it } from 'vitest'
import { readArguments } from '../../src/cli/arguments.ts'
import { EXIT_MEANINGS } from '../../src/cli/exit.ts'
import { COMMANDS, TRACE } from '../../src/cli/options.ts'

async function given(line: string): Promise<object> {
  const read = await readArguments(line.split(' '), 80)
  if (read.kind !== 'run') return read
  const { text, flags, verbose, words, edits } = read.given
  return {
    command: read.command,
    ...Object.fromEntries(text),
    flags: [...flags],
    verbose,
    words,
    edits,
  }
}

describe('a command line', () => {
  it.each([
    ['values are texts, also numbers', 'trace --vm 0105 --sport=007', { vm: '0105', sport: '007' }],
    ['-p, --proto and --protocol are one', 'trace -p tcp', { proto: 'tcp' }],
    [
      'long aliases count too',
      'trace --protocol udp --source 10.0.0.1',
      { proto: 'udp', src: '10.0.0.1' },
    ],
    ['-v counts', 'trace -v', { verbose: 1 }],
    [
      'edits keep their order',
      'trace --set a.b=1 --add c:d --set=e.f=2 --enable 105',
      {
        edits: [
          { option: 'set', value: 'a.b=1' },
          { option: 'add', value: 'c:d' },
          { option: 'set', value: 'e.f=2' },
          { option: 'enable', value: '105' },
        ],
      },
    ],
    ['-vv counts twice', 'trace -vv', { verbose: 2 }],
    ['a hyphen is a file name', 'trace --batch -', { batch: '-' }],
    ['what is said twice alike', 'trace --src 1.1.1.1 --source 1.1.1.1', { src: '1.1.1.1' }],
    [
      'words before and after options',
      'trace 10.0.0.1 --json -> 105',
      { words: ['10.0.0.1', '→', '105'] },
    ],
    ['flags are flags', 'trace --json --anyway', { flags: ['json', 'anyway'] }],
    [
      'an option whose name holds another’s',
      'compile --format iptables-save',
      { format: 'iptables-save' },
    ],
  ])('%s', async (_name, line, expected) => {
    expect(await given(line)).toMatchObject(expected)
  })

  it.each([
    [
      'an unknown option, with the one that was meant',
      'trace --dprot 80',
      /dprot; did you mean --dport or --sport\?|dprot; did you mean --dport/,
    ],
    ['an unknown command, with the one that was meant', 'trcae', /did you mean trace/i],
    ['a command that nothing is like', 'frobnicate', /^there is no command `frobnicate`$/],
    ['an option without its value', 'trace --src', /^--src needs a value$/],
    ['an option with two values', 'trace --dport 80 --dport 443', /--dport is both `80` and `443`/],
    [
      'a value that is no choice',
      'trace --expect maybe',
      /^--expect cannot be `maybe`: accept, drop, reject$/,
    ],
    ['a word that is missing', 'completion', /^a shell is needed: bash, zsh, fish$/],
    ['a word that is no choice', 'completion tcsh', /^shell cannot be `tcsh`: bash, zsh, fish$/],
    ['a second dialect of negation', 'trace --no-json', /no-json|json/],
    ['words after a command that takes none', 'compile here', /here/],
    ['no command at all', '', /command/],
  ])('%s is refused in one line', async (_name, line, message) => {
    const read = await readArguments(line === '' ? [] : line.split(' '), 80)
    expect(read.kind).toBe('usage')
    if (read.kind !== 'usage') return
    expect(read.message).toMatch(message)
    expect(read.message).not.toContain('\n')
  })
})

describe('--help', () => {
  it('of trace reads as in its golden file', async () => {
    const read = await readArguments(['trace', '--help'], 80)
    expect(read.kind).toBe('show')
    if (read.kind === 'show') await expect(read.text).toMatchFileSnapshot('golden/trace-help.txt')
  })

  it.each([['--help'], ['trace', '--help'], ['compile', '--help']])(
    '%s %s lists the exit codes',
    async (...argv) => {
      const read = await readArguments(argv.filter(Boolean), 80)
      if (read.kind !== 'show') throw new Error('no help')
      for (const { code, meaning } of EXIT_MEANINGS)
        expect(read.text).toContain(`${code}  ${meaning}`)
    },
  )
})

describe('the table of options', () => {
  it('has no name twice in one command', () => {
    for (const { options } of COMMANDS) {
      const names = options.flatMap(({ name, alias }) => [name, ...alias])
      expect(new Set(names).size).toBe(names.length)
    }
  })

  it('holds every option that the issue on tracing names', () => {
    const names = TRACE.options.flatMap(({ name, alias }) => [name, ...alias])
    for (const name of 'vm ct from to src dst sport dport p proto icmp-type flags state mac iface net root node host-ip local-network backend json minimal v expect batch anyway'.split(
      ' ',
    ))
      expect(names).toContain(name)
  })
})
