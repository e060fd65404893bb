import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Answer } from '../../src/render/answer.ts'
import { plainLook } from '../../src/render/look.ts'
import type { Detail } from '../../src/render/path-lines.ts'
import { ansi, plain } from '../../src/render/show.ts'
import { renderAnswer } from '../../src/render/trace-lines.ts'
import { unsafeIn } from './build.ts'
import { SITUATIONS } from './situations.ts'

const cases = Object.entries(SITUATIONS)
const show = (answer: Answer, detail: Detail): string =>
  plain(renderAnswer(answer, detail, plainLook))

describe('an answer for people', () => {
  it.each(cases)('%s reads as in its golden file', async (name, answer) => {
    const text = ([0, 1, 2] as const)
      .map((detail) => `--- detail ${detail}\n${show(answer, detail)}`)
      .join('\n')
    await expect(text).toMatchFileSnapshot(`golden/${name}.txt`)
  })

  it.each(cases)('%s keeps within 80 columns and never ends a line in a blank', (_name, answer) => {
    for (const line of show(answer, 2).split('\n')) {
      expect([...line].length).toBeLessThanOrEqual(80)
      expect(line).toBe(line.trimEnd())
    }
  })

  it.each(cases)('%s passes no control byte of a configuration on', (_name, answer) => {
    for (const unicode of [true, false]) {
      const text = ansi(renderAnswer(answer, 2, { glyphs: true }), { ...plainLook, unicode })
      expect(unsafeIn(stripVTControlCharacters(text))).toEqual([])
      if (!unicode) expect([...text].filter((c) => c > '~')).toEqual([])
    }
  })

  it('says the same with colours, which never stand alone', () => {
    const lines = renderAnswer(SITUATIONS.droppedByRule, 1, { glyphs: true })
    expect(stripVTControlCharacters(ansi(lines))).toBe(plain(lines))
    expect(plain(lines)).toMatch(/^✘ DROP /)
  })
})
