/** Exit codes: part of the contract with scripts (`--help` and the man page list them from here). */
export const EXIT = {
  answered: 0,
  unexpected: 1,
  usage: 2,
  refused: 3,
  unknown: 4,
  unavailable: 5,
  bug: 70,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_MEANINGS: readonly { readonly code: ExitCode; readonly meaning: string }[] = [
  {
    code: EXIT.answered,
    meaning: 'answered; --expect met; verify, audit, lint ...: nothing found',
  },
  {
    code: EXIT.unexpected,
    meaning: '--expect not met; verify, audit, lint ...: something found',
  },
  { code: EXIT.usage, meaning: 'the command line or the packet makes no sense' },
  {
    code: EXIT.refused,
    meaning: 'the configuration or a dump cannot be read, or the backend refuses it',
  },
  {
    code: EXIT.unknown,
    meaning: 'unknown: something cannot be evaluated or proved',
  },
  { code: EXIT.unavailable, meaning: 'verify: the kernel cannot be asked here' },
  { code: EXIT.bug, meaning: 'a bug of pvefw' },
]
