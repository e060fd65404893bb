import fc from 'fast-check'
import { expect, it } from 'vitest'
import { shellCommands } from '../../src/edit/shell-words.ts'
import { shellLines } from '../../src/render/shell-lines.ts'
import '../support/fixed-seed.ts'
import { runs } from '../support/runs.ts'

it('breaks before options and behind operators', () => {
  const undo =
    "systemd-run --unit=undo --on-active=5min /bin/sh -c 'cp /root/a /etc/a && cp /root/b /etc/b || stop'"
  expect(shellLines(undo, 40)).toEqual([
    'systemd-run --unit=undo \\',
    "  --on-active=5min /bin/sh -c '",
    '  cp /root/a /etc/a &&',
    "  cp /root/b /etc/b || stop'",
  ])
})

it('means the same to a shell', () => {
  const word = fc.constantFrom('abc', "'two words'", "' --not an option'", "'a && b'", '10.0.0.0/8')
  const option = fc.tuple(fc.constantFrom('source', 'comment', 'p'), word)
  fc.assert(
    fc.property(
      fc.array(option, { maxLength: 8 }),
      fc.integer({ min: 10, max: 60 }),
      (options, width) => {
        const calls = ['pvesh create /a', 'pvesh set /b'].map((call) =>
          [call, ...options.map(([name, value]) => `--${name} ${value}`)].join(' '),
        )
        const command = calls.join(' && ')
        expect(shellCommands(shellLines(command, width).join('\n'))).toEqual(shellCommands(command))
      },
    ),
    { numRuns: runs(1000) },
  )
})
