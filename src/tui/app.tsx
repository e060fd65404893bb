import { Box, Text, useApp, useCursor, useStdin } from 'ink'
import { type ReactNode, useEffect, useReducer, useRef } from 'react'
import type { Look } from '../render/look.ts'
import { showPiece } from '../render/show.ts'
import type { StyledLine } from '../render/styled.ts'
import { frameOf } from '../step/frame.ts'
import { plainFrame } from '../step/plain.ts'
import { reduce, type StepEvent } from '../step/reduce.ts'
import type { Size, StepState, Writing } from '../step/state.ts'
import { eventsOf, type Pasting } from './input.ts'

export type AppProps = {
  readonly start: StepState
  /** Calls back with the size whenever the terminal has another one; gives back how to stop that. */
  readonly onResize: (tell: (size: Size) => void) => () => void
  /** Told the last state when the session is over. */
  readonly onDone: (state: StepState) => void
  /** Writes files; what came of it, in a sentence. */
  readonly write: (writing: Writing) => { readonly text: string; readonly isDone: boolean }
  /** The function that events go through: the reducer, except in tests of what happens when it breaks. */
  readonly step?: typeof reduce
}

/** Draws a state and hands events to the reducer; nothing is decided here. */
export function App({ start, onResize, onDone, write, step = reduce }: AppProps): ReactNode {
  const [state, dispatch] = useReducer(
    (before: StepState, event: StepEvent): StepState =>
      before.done ? before : step(before, event),
    start,
  )
  const { exit } = useApp()
  useInputEvents(dispatch)
  useEffect(() => onResize((size) => dispatch({ kind: 'resize', size })), [onResize])
  const { writing } = state
  useEffect(() => {
    if (writing !== null) dispatch({ kind: 'written', ...write(writing) })
  }, [writing, write])
  useEffect(() => {
    if (!state.done) return
    onDone(state)
    exit()
  }, [state, exit, onDone])
  return <Screen state={state} />
}

/** One frame. */
export function Screen({ state }: { readonly state: StepState }): ReactNode {
  const { look, plain } = state.session
  const { rows, cursor } = plain ? plainFrame(state) : frameOf(state)
  const { setCursorPosition } = useCursor()
  setCursorPosition(cursor ?? undefined)
  return (
    <Box flexDirection="column">
      {rows.map((row, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row of the screen is its place
        <Row key={i} row={row} look={look} />
      ))}
    </Box>
  )
}

function Row({ row, look }: { readonly row: StyledLine; readonly look: Look }): ReactNode {
  return <Text wrap="truncate">{row.pieces.map((part) => showPiece(part, look)).join('')}</Text>
}

/** Hands what is typed and pasted to `dispatch`, from the first frame to the last. */
function useInputEvents(dispatch: (event: StepEvent) => void): void {
  const { setRawMode, internal_eventEmitter: emitter } = useStdin()
  const pasting = useRef<Pasting>(null)
  useEffect(() => {
    const read = (input: string): void => {
      const read = eventsOf(input, pasting.current)
      pasting.current = read.pasting
      for (const event of read.events) dispatch(event)
    }
    setRawMode(true)
    emitter?.on('input', read)
    return () => {
      emitter?.off('input', read)
      setRawMode(false)
    }
  }, [setRawMode, emitter, dispatch])
}
