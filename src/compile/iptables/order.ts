/** Perl's `sort` of strings: by bytes. Equal strings keep their places. */
export function byText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
