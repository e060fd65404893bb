/** One cell: who of the senders gets through. */
export type MatrixCell =
  | { readonly kind: 'yes' | 'no' | 'no-way' }
  | { readonly kind: 'part'; readonly who: readonly string[]; readonly more: boolean }

export type MatrixView = {
  readonly node: string
  readonly backend: 'iptables' | 'nftables'
  readonly family: 4 | 6
  readonly from: readonly string[]
  readonly to: readonly string[]
  /** `SSH (22/tcp)`. */
  readonly services: readonly string[]
  /** By service, sender, receiver. */
  readonly cells: readonly (readonly (readonly MatrixCell[])[])[]
}

/** What stands in a cell, alike in every format. */
export const CELL_WORDS: Readonly<Record<MatrixCell['kind'], string>> = {
  yes: 'yes',
  no: 'no',
  part: 'part',
  'no-way': '-',
}

/** Whom a cell is for, where it is for some. */
export function whoWords(cell: MatrixCell): string {
  if (cell.kind !== 'part') return ''
  return `${cell.who.join('; ')}${cell.more ? ' and more' : ''}`
}
