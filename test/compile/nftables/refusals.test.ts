import { describe, expect, it } from 'vitest'
import { isAtLeast } from '../../../src/compile/nftables/nft-version.ts'
import { predictRefusals } from '../../../src/compile/nftables/refusals.ts'
import { quote } from '../../../src/source/source-file.ts'
import { REFUSED_BY_NFT } from '../../support/nft-refusals.ts'
import { type NftCase, nftAnswer } from '../../support/nftables-case.ts'

/** `code: blamed text: what nft prints` of each prediction. */
function predictions(input: NftCase, version?: string): readonly string[] {
  const { tree, compiled } = nftAnswer(input)
  expect(compiled.state).toBe('compiled')
  return predictRefusals(compiled.commands, tree.protocols, version).map(
    ({ message, diagnostic: { code, span } }) =>
      `${code.replace('nftables/nft-', '')}: ${span === null ? '' : quote(span)}: ${message}`,
  )
}

describe('what nft would refuse is named with its line', () => {
  it.each(REFUSED_BY_NFT)('$name', ({ input, version, predicted }) => {
    expect(predictions(input, version)).toEqual(predicted)
  })

  it('the prediction points at the command', () => {
    const { tree, compiled } = nftAnswer(REFUSED_BY_NFT[0]?.input ?? { files: {} })
    const [first] = predictRefusals(compiled.commands, tree.protocols)
    const blamed = compiled.commands[first?.index ?? -1]
    expect(blamed?.origin.span).toBe(first?.diagnostic.span)
    expect(first?.diagnostic.message).toMatch(/so nft refuses the whole update: the old rules stay/)
  })
})

describe('versions of nft', () => {
  it.each([
    ['1.1.3', '1.1.0', true],
    ['1.0.6', '1.1.0', false],
    ['1.1', '1.1.0', true],
    ['1.10.0', '1.9.9', true],
    ['1.1.2-1~bpo', '1.1.2', true],
  ] as const)('%s is at least %s: %s', (version, other, expected) => {
    expect(isAtLeast(version, other)).toBe(expected)
  })
})
