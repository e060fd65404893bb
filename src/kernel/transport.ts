import { spawn } from 'node:child_process'
import { AGENT_PROGRAM } from './agent-program.ts'

/** A stream of bytes to an agent, on this machine or in another. */
export type Transport = {
  readonly write: (bytes: Uint8Array) => void
  readonly onBytes: (receive: (bytes: Uint8Array) => void) => void
  /** Called once, with what the other side said last. */
  readonly onEnd: (ended: (why: string) => void) => void
  /** Ends the agent, and with it everything it made. */
  readonly close: () => Promise<void>
}

/** Programs whose absence means that this machine cannot ask its kernel. */
const userOf = (): number => process.getuid?.() ?? 0

/**
 * An agent in name spaces of its own on this machine: as root in new network and mount name spaces, else in a user
 * name space besides. They have no names and no other member, so they end with the agent; the agent ends with its
 * standard input, which ends with us.
 */
export function localTransport(): Transport {
  const spaces = userOf() === 0 ? ['-nm'] : ['-Urnm']
  // xtables takes a lock below /run, which only root may write
  const start =
    'mount -t tmpfs tmpfs /run || exit 1; export XTABLES_LOCKFILE=/run/xtables.lock; exec perl -e "$AGENT"'
  const child = spawn('unshare', [...spaces, 'sh', '-c', start], {
    env: {
      PATH: `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`,
      LC_ALL: 'C',
      AGENT: AGENT_PROGRAM,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (data: Buffer) => {
    said = (said + data.toString('latin1')).slice(-2000)
  })
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', () => resolve(said.trim()))
  })
  child.stdin.on('error', () => undefined)
  return {
    write: (bytes) => void child.stdin.write(bytes),
    onBytes: (receive) => void child.stdout.on('data', receive),
    onEnd: (then) => void ended.then(then),
    close: async () => {
      child.stdin.end()
      await ended
    },
  }
}
