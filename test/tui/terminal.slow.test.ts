import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { showLines } from '../../src/render/show.ts'
import { frameOf } from '../../src/step/frame.ts'
import { pressed, session, terminalLook } from '../step/sessions.ts'
import { hasTmux, openTmux, type Tmux } from './tmux.ts'

const packet = '192.168.1.53 -> 105:80/tcp'
const command = `node dist/pvefw.mjs step --root examples/small-office '${packet}'`

let open: Tmux | null = null
afterEach(() => {
  open?.close()
  open = null
})

/** A text as a pattern for itself. */
const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')

/** A terminal in which the session has drawn its first frame. */
async function started(
  columns: number,
  rows: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Tmux> {
  const tmux = openTmux(columns, rows, env)
  open = tmux
  tmux.type('stty -a > /tmp/pvefw-stty-$PPID; clear; echo before the session')
  await tmux.until('before the session')
  tmux.type(command)
  await tmux.until('step 1 of 41')
  return tmux
}

/** What must be so again when a session is over: main screen, cursor, line discipline, what was there. */
async function isAsBefore(tmux: Tmux): Promise<void> {
  tmux.type(
    'stty -a | diff - /tmp/pvefw-stty-$PPID && echo same settings; rm /tmp/pvefw-stty-$PPID',
  )
  const screen = await tmux.until(/^same settings$/m)
  expect(screen).toContain('before the session')
  expect(tmux.variable('alternate_on')).toBe('0')
  expect(tmux.variable('cursor_flag')).toBe('1')
}

/** The rows a state is drawn as, as tmux shows them. */
function drawn(columns: number, rows: number, ...keys: readonly string[]): string {
  const size = { columns, rows }
  const state = session({ root: 'examples/small-office', packet, size })
  const text = showLines(frameOf(pressed(state, ...keys)).rows, { ...terminalLook, width: null })
  return text.trimEnd()
}

test.skipIf(!hasTmux)('what is on the screen is what the reducer and the frame say', async () => {
  const tmux = await started(80, 24)
  expect(tmux.screen().trimEnd()).toBe(drawn(80, 24))
  tmux.press('v', 'M', 'b', 'Tab')
  await tmux.until('105.fw')
  await tmux.until('●')
  expect(tmux.screen().trimEnd()).toBe(drawn(80, 24, 'v', 'M', 'b', 'tab'))
})

test.skipIf(!hasTmux)('a terminal of another size is drawn anew', async () => {
  const tmux = await started(80, 24)
  tmux.press('v')
  await tmux.until('step 41 of 41')
  for (const [columns, rows] of [
    [130, 45],
    [90, 20],
    [50, 12],
    [120, 40],
    [80, 24],
  ] as const) {
    tmux.resize(columns, rows)
    const expected = drawn(columns, rows, 'v')
    await tmux.until(new RegExp(`^${literal(expected)}\\s*$`))
  }
})

test.skipIf(!hasTmux)('a pasted line of the log becomes the packet', async () => {
  const tmux = await started(100, 30)
  tmux.paste(
    '105 6 tap105i0-IN 01/Jan/2025:10:00:00 +0000 DROP: IN=fwbr105i0 OUT=fwbr105i0 SRC=192.168.1.20 DST=192.168.1.105 PROTO=TCP SPT=50000 DPT=443 SYN\n',
  )
  const screen = await tmux.until('the packet of the log line')
  expect(screen).toContain('192.168.1.20:50000 → vm105 192.168.1.105:443')
})

test.skipIf(!hasTmux)(
  'edited files are written to a directory, and never below /etc/pve',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'pvefw-written-'))
    const tmux = await started(100, 30)
    tmux.press('.', 'x')
    await tmux.until('rule 2 of 105 is off')
    tmux.press('w')
    tmux.press(...directory, 'Enter')
    await tmux.until('one file written below')
    const text = readFileSync(join(directory, 'etc/pve/firewall/105.fw'), 'utf8')
    expect(text).toContain('\n|IN DROP -source 192.168.1.53')
    tmux.press('w', '/', 'Enter')
    await tmux.until('is the live configuration: write elsewhere')
    rmSync(directory, { recursive: true })
  },
)

test.skipIf(!hasTmux)('without a packet one is chosen', async () => {
  const tmux = openTmux(100, 30)
  open = tmux
  tmux.type('node dist/pvefw.mjs step --root examples/small-office')
  await tmux.until('from where?')
  tmux.press(...'outside', 'Enter')
  await tmux.until('to where?')
  tmux.press(...'web', 'Enter')
  await tmux.until('which service?')
  tmux.press(...'HTTPS', 'Enter')
  await tmux.until('tcp outside → vm105 192.168.1.105:443')
})

test.skipIf(!hasTmux)('what find and audit find is stepped through', async () => {
  const tmux = openTmux(100, 30)
  open = tmux
  tmux.type(
    'node dist/pvefw.mjs find --root examples/small-office --verdict reject --to 105 --step',
  )
  const screen = await tmux.until('step 1 of')
  expect(screen).toContain('REJECT')
  tmux.press('q')
  await tmux.until('again')
  tmux.type(
    'clear; node dist/pvefw.mjs audit lockout --step --root examples/three-nodes --set cluster.enable=1',
  )
  await tmux.until(/step 1 of|nothing is lost/)
})

test.skipIf(!hasTmux)('q leaves the answer on the main screen, and all as it was', async () => {
  const tmux = await started(100, 30)
  tmux.press('v', 'q')
  const screen = await tmux.until('again')
  expect(screen).toContain('DROP  tcp 192.168.1.53:49152')
  expect(screen).toContain(`pvefw trace --root examples/small-office`)
  await isAsBefore(tmux)
})

test.skipIf(!hasTmux)('Ctrl-C leaves all as it was, from the midst of typing too', async () => {
  const tmux = await started(100, 30)
  tmux.press(':', 't', 'o', 'Space')
  await tmux.until(':to')
  tmux.press('C-c')
  await tmux.until('again')
  await isAsBefore(tmux)
})

test.skipIf(!hasTmux)('a signal ends it with all as it was', async () => {
  const tmux = openTmux(100, 30)
  open = tmux
  const file = join(tmpdir(), `pvefw-pid-${process.pid}`)
  tmux.type('stty -a > /tmp/pvefw-stty-$PPID; clear; echo before the session')
  await tmux.until('before the session')
  tmux.type(`bash -c 'echo $$ > ${file}; exec ${command.replaceAll("'", `'\\''`)}'; echo code $?`)
  await tmux.until('step 1 of 41')
  process.kill(Number(readFileSync(file, 'utf8')), 'SIGTERM')
  await tmux.until('code 143')
  rmSync(file)
  await isAsBefore(tmux)
})

test.skipIf(!hasTmux)(
  'an error inside is told on the main screen, and all is as it was',
  async () => {
    const tmux = openTmux(100, 30)
    open = tmux
    tmux.type('stty -a > /tmp/pvefw-stty-$PPID; clear; echo before the session')
    await tmux.until('before the session')
    tmux.type('node --import tsx test/tui/breaking.ts')
    await tmux.until('step 1 of 41')
    tmux.press('s', 'x')
    await tmux.until('it broke: Error: broken on purpose')
    await isAsBefore(tmux)
  },
)

test.skipIf(!hasTmux)(
  'what has scrolled off is there afterwards, whatever the size was',
  async () => {
    const tmux = openTmux(100, 30)
    open = tmux
    tmux.type('clear; for i in $(seq 100); do echo line $i of before; done')
    await tmux.until('line 100 of before')
    tmux.type(command)
    await tmux.until('step 1 of 41')
    tmux.resize(100, 20)
    await tmux.until(new RegExp(`^${literal(drawn(100, 20))}\\s*$`))
    tmux.press('s', 'q')
    await tmux.until('again')
    expect(tmux.screen('history')).toContain('line 7 of before')
  },
)

test.skipIf(!hasTmux)('colours are used, and not with NO_COLOR', async () => {
  const coloured = await started(80, 24)
  coloured.press('v')
  await coloured.until('step 41')
  expect(coloured.screen('colours')).toContain('\u001b[1m\u001b[31m')
  coloured.close()
  const plain = await started(80, 24, { NO_COLOR: '1' })
  plain.press('v')
  await plain.until('step 41')
  expect(plain.screen('colours')).not.toContain('\u001b[')
})
