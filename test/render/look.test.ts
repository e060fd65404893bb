import { describe, expect, it } from 'vitest'
import { type Environment, lookOf } from '../../src/render/look.ts'

const terminal = { isTTY: true, columns: 120 }
const pipe = { isTTY: false, columns: undefined }

describe('colour', () => {
  const cases: readonly (readonly [string, Environment, typeof terminal | typeof pipe, boolean])[] =
    [
      ['a terminal has it', {}, terminal, true],
      ['a pipe has not', {}, pipe, false],
      ['NO_COLOR switches it off', { NO_COLOR: '1' }, terminal, false],
      ['an empty NO_COLOR says nothing', { NO_COLOR: '' }, terminal, true],
      ['FORCE_COLOR switches it on in a pipe', { FORCE_COLOR: '1' }, pipe, true],
      ['an empty FORCE_COLOR too', { FORCE_COLOR: '' }, pipe, true],
      ['FORCE_COLOR=0 switches it off', { FORCE_COLOR: '0' }, terminal, false],
      ['FORCE_COLOR wins over NO_COLOR', { FORCE_COLOR: '1', NO_COLOR: '1' }, pipe, true],
      ['CLICOLOR=0 switches it off', { CLICOLOR: '0' }, terminal, false],
      ['CLICOLOR_FORCE=1 switches it on in a pipe', { CLICOLOR_FORCE: '1' }, pipe, true],
      ['CLICOLOR_FORCE=0 says nothing', { CLICOLOR_FORCE: '0' }, pipe, false],
      ['a dumb terminal has none', { TERM: 'dumb' }, terminal, false],
    ]
  it.each(cases)('%s', (_name, env, receiver, colour) => {
    expect(lookOf(env, receiver).colour).toBe(colour)
  })
})

describe('letters beyond ASCII', () => {
  const cases: readonly (readonly [string, Environment, boolean])[] = [
    ['LANG says UTF-8', { LANG: 'de_DE.UTF-8' }, true],
    ['utf8 without a hyphen', { LANG: 'en_US.utf8' }, true],
    ['LC_ALL wins over LANG', { LC_ALL: 'C', LANG: 'de_DE.UTF-8' }, false],
    ['an empty LC_ALL says nothing', { LC_ALL: '', LC_CTYPE: 'C.UTF-8' }, true],
    ['nothing set is the C locale', {}, false],
  ]
  it.each(cases)('%s', (_name, env, unicode) => {
    expect(lookOf(env, pipe).unicode).toBe(unicode)
  })
})

describe('width', () => {
  it('is the terminal’s, 80 where none is known', () => {
    expect(lookOf({}, terminal).width).toBe(120)
    expect(lookOf({}, pipe).width).toBe(80)
    expect(lookOf({}, { isTTY: true, columns: 0 }).width).toBe(80)
  })
})
