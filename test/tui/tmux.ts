import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { repository } from '../support/run-cli.ts'

/** A real terminal: tmux, which keeps what a program draws. */
export type Tmux = {
  /** Keys by tmux's names: `s`, `Enter`, `C-c`. */
  readonly press: (...keys: readonly string[]) => void
  /** Types a line and Enter. */
  readonly type: (line: string) => void
  /** Pastes with the marks of a bracketed paste, as a terminal does when it is asked to. */
  readonly paste: (text: string) => void
  readonly resize: (columns: number, rows: number) => void
  /** Rows of the screen without blanks at their ends; `history` with what has scrolled off; `colours` with escapes. */
  readonly screen: (what?: 'history' | 'colours') => string
  /** A variable of the terminal: `alternate_on`, `cursor_flag`. */
  readonly variable: (name: string) => string
  /** The screen once it shows something; throws with the screen where it never does. */
  readonly until: (text: string | RegExp) => Promise<string>
  readonly close: () => void
}

export const hasTmux: boolean = spawnSync('tmux', ['-V']).status === 0

/** How often the screen is looked at until it must show something: a minute; a busy machine is no failure. */
const looks = 2000

/** A shell in the repository, in a terminal of its own; nothing of the user's tmux or shell set-up is read. */
export function openTmux(
  columns: number,
  rows: number,
  env: Readonly<Record<string, string>> = {},
): Tmux {
  const directory = mkdtempSync(join(tmpdir(), 'pvefw-tmux-'))
  const socket = join(directory, 'socket')
  const { CI: _, NO_COLOR: __, FORCE_COLOR: ___, ...inherited } = process.env
  const surroundings = { ...inherited, LC_ALL: 'C.UTF-8', HISTFILE: '/dev/null', PS1: '$ ', ...env }
  const run = (args: readonly string[], input?: string): string => {
    const { stdout, stderr, status } = spawnSync(
      'tmux',
      ['-S', socket, '-f', '/dev/null', ...args],
      {
        encoding: 'utf8',
        env: surroundings,
        cwd: repository,
        ...(input === undefined ? {} : { input }),
      },
    )
    if (status !== 0) throw new Error(`tmux ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  run([
    'new-session',
    '-d',
    '-x',
    String(columns),
    '-y',
    String(rows),
    'bash',
    '--norc',
    '--noprofile',
  ])
  run(['set-option', '-g', 'escape-time', '0'])
  const screen: Tmux['screen'] = (what) =>
    run([
      ...['capture-pane', '-p'],
      ...(what === 'history' ? ['-S', '-'] : what === 'colours' ? ['-e'] : []),
    ])
  return {
    press: (...keys) => void run(['send-keys', '--', ...keys]),
    type: (line) => {
      run(['send-keys', '-l', '--', line])
      run(['send-keys', 'Enter'])
    },
    paste: (text) => {
      run(['load-buffer', '-'], text)
      run(['paste-buffer', '-p', '-r'])
    },
    resize: (width, height) =>
      void run(['resize-window', '-x', String(width), '-y', String(height)]),
    screen,
    variable: (name) => run(['display-message', '-p', `#{${name}}`]).trim(),
    until: async (text) => {
      for (let look = 0; look < looks; look += 1) {
        const shown = screen()
        if (typeof text === 'string' ? shown.includes(text) : text.test(shown)) return shown
        await setTimeout(25)
      }
      throw new Error(`never on the screen: ${text}\n${screen()}`)
    },
    close: () => {
      spawnSync('tmux', ['-S', socket, 'kill-server'])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
