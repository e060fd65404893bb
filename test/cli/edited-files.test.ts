import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { writeEdited } from '../../src/cli/edited-files.ts'

const directory = mkdtempSync(join(tmpdir(), 'pvefw-edited-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const files = { 'etc/pve/firewall/105.fw': '[RULES]\n\nIN DROP # f\xfcr\n' }

test('files go to their paths below the directory, byte for byte', () => {
  const written = writeEdited({ directory: 'new/deep', files }, directory)
  expect(written).toEqual({ text: 'one file written below new/deep', isDone: true })
  const text = readFileSync(join(directory, 'new/deep/etc/pve/firewall/105.fw'), 'latin1')
  expect(text).toBe(files['etc/pve/firewall/105.fw'])
})

test.each([
  ['/', files],
  ['/etc/pve', { 'firewall/105.fw': '' }],
  ['/etc', { 'pve/firewall/105.fw': '' }],
])('below %s nothing is written: that is the live configuration', (where, which) => {
  const { text, isDone } = writeEdited({ directory: where, files: which }, directory)
  expect(isDone).toBe(false)
  expect(text).toContain('is the live configuration: write elsewhere')
})

test('nor by way of a symbolic link', () => {
  symlinkSync('/etc', join(directory, 'link'))
  const written = writeEdited({ directory: 'link', files: { 'pve/firewall/1.fw': '' } }, directory)
  expect(written.isDone).toBe(false)
  expect(existsSync('/etc/pve/firewall/1.fw')).toBe(false)
})

test('a directory that cannot be made is told', () => {
  const { text, isDone } = writeEdited({ directory: '/proc/none', files }, directory)
  expect(isDone).toBe(false)
  expect(text).toContain('cannot write to /proc/none')
})
