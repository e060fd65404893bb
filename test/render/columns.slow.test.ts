import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { widthOf } from '../../src/render/columns.ts'

describe('widthOf', () => {
  const isEscaped = /^[^\p{C}\p{Z}]$/u
  it('is what string-width says of every assigned character', () => {
    const wrong: string[] = []
    for (let code = 0x20; code < 0x20_000; code += 1) {
      const character = String.fromCodePoint(code)
      if (!isEscaped.test(character) || widthOf(character) === stringWidth(character)) continue
      wrong.push(`${code.toString(16)} ${widthOf(character)} ${stringWidth(character)}`)
    }
    expect(wrong).toEqual([])
  })
})
