/** An edit that makes no sense: what is wrong, in lower case, and what to do. User text is in `backticks`, unescaped. */
export type EditProblem = { readonly problem: string; readonly help: string }

/** Makes an {@link EditProblem}. */
export function wrong(problem: string, help: string): EditProblem {
  return { problem, help }
}

/** Tells a problem from what would be there without one. */
export function isWrong<T extends object>(result: T | EditProblem): result is EditProblem {
  return 'problem' in result
}
