/** Ends a `switch` over a union: a case that was forgotten is a type error, and a bug of ours at run time. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}
