import { spawn } from 'node:child_process'
import { PassThrough, Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { openFirewall } from '../../src/firewall/node-firewall.ts'
import { parseArrow } from '../../src/packet/parse-arrow.ts'
import { isProblem } from '../../src/packet/problem.ts'
import { plainLook } from '../../src/render/look.ts'
import { firstState, type StepState } from '../../src/step/state.ts'
import { addressOf, vmidOf } from './generate.ts'

/** From a key to the frame it leads to, ms; of how many keys, and how many rules the node has in its largest chain. */
export type KeyTimes = {
  readonly median: number
  readonly worst: number
  readonly keys: number
  readonly rules: number
}

/** What a person does: steps, jumps, looks around, searches, edits the packet, goes back. */
const KEYS: readonly string[] = [
  ...['s', 's', 'n', 'm', 'm', 'm', 'j', 'j', 'j', 'k', 'S', 'M', 'u', 'd', '.', 'G', 'g', 'c'],
  ...['\t', 'j', '\t', 'j', '\t', '1', 'm', '\u001b[6~', '\u001b[6~', '\u001b[5~', 'b', 'V', 'c'],
  ...[':', 'd', 'p', 'o', 'r', 't', ' ', '2', '2', '\r', '.', 'o', 'v', 'o', '/', '1', '0', '\r'],
]

/** Runs a session on a node in this process, drawn by ink into nothing, and presses keys one after the other. */
export async function keyTimes(root: string): Promise<KeyTimes> {
  delete process.env['CI']
  const { runStep } = await import('../../src/tui/run.tsx')
  const start = sessionOn(root)
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => stdin,
    ref: () => stdin,
    unref: () => stdin,
  })
  let drawn: () => void = () => undefined
  const stdout = Object.assign(
    new Writable({
      write: (_chunk, _encoding, done) => {
        drawn()
        done()
      },
    }),
    { isTTY: true, columns: 120, rows: 40 },
  )
  const frame = (): Promise<void> =>
    new Promise((resolve) => {
      drawn = resolve
    })
  const first = frame()
  const over = runStep(
    start,
    {
      stdin: stdin as unknown as NodeJS.ReadStream,
      stdout: stdout as unknown as NodeJS.WriteStream,
    },
    { write: () => ({ text: '', isDone: true }) },
  )
  await first
  const times: number[] = []
  for (const key of [...KEYS, ...KEYS]) {
    // the frame before is drawn, and ink's limit of frames a second is over: a person is no faster
    await setTimeout(40)
    const next = frame()
    const begun = performance.now()
    stdin.write(key)
    const isDrawn = await Promise.race([next.then(() => true), setTimeout(500, false)])
    // a key that changes nothing draws nothing
    if (isDrawn) times.push(performance.now() - begun)
  }
  stdin.write('q')
  await over
  const sorted = times.toSorted((a, b) => a - b)
  const rules = start.setting.firewall
  return {
    median: sorted[sorted.length >> 1] ?? Number.NaN,
    worst: sorted.at(-1) ?? Number.NaN,
    keys: sorted.length,
    rules: largestChain(rules),
  }
}

function sessionOn(root: string): StepState {
  const { firewall } = openFirewall({
    ...{ root, node: null, guest: null, hostIp: null, localNetwork: null },
    backend: 'iptables',
  })
  if (firewall === null) throw new Error(`no firewall in ${root}`)
  const query = parseArrow(`vm${vmidOf(3)} -> vm${vmidOf(700)}:1003/tcp`, firewall.tables)
  if (isProblem(query)) throw new Error(query.message)
  const setting = {
    firewall,
    subject: { kind: 'packet', query: { ...query, src: addressOf(3), dst: addressOf(700) } },
    opening: { root: null, node: firewall.tree.node, backend: 'iptables', edits: [] },
  } as const
  const session = {
    open: () => 'there is only one',
    options: [],
    look: { ...plainLook, colour: true },
    plain: false,
  }
  const state = firstState(session, setting, { columns: 120, rows: 40 })
  if ('problems' in state) throw new Error(state.problems[0]?.message)
  return state
}

function largestChain({ compiled }: StepState['setting']['firewall']): number {
  const { tables } = 'held' in compiled ? compiled.held : { tables: [] }
  const sizes = tables.flatMap(({ chains }) =>
    [...chains.values()].map(({ rules }) => rules.length),
  )
  return Math.max(0, ...sizes)
}

/** Until the command has drawn its first frame on a terminal of script(1), whole process, ms: the median of `runs`. */
export async function firstFrame(command: readonly string[], runs: number): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < runs; run += 1) times.push(await oneFrame(command))
  return times.toSorted((a, b) => a - b)[runs >> 1] ?? Number.NaN
}

function oneFrame(command: readonly string[]): Promise<number> {
  const line = command.map((word) => `'${word}'`).join(' ')
  const begun = performance.now()
  const shell = `stty rows 40 cols 120; exec '${process.execPath}' ${line}`
  const child = spawn('script', ['-qec', shell, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] })
  return new Promise((resolve, reject) => {
    let text = ''
    child.on('error', reject)
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (!text.includes('step 1 of')) return
      resolve(performance.now() - begun)
      child.stdout.removeAllListeners('data')
      child.stdin.write('q')
      child.stdin.end()
    })
  })
}
