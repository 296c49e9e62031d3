/** What was, what is, and what was undone. A value: every change gives a new one. */
export interface History<Value> {
  readonly past: readonly Value[];
  readonly present: Value;
  readonly future: readonly Value[];
}

/** Steps that can be undone. A shift's work on a wall fits; memory stays bounded on a wall left open for months. */
export const deepest = 100;

/** A history in which nothing has happened yet. */
export function begin<Value>(present: Value): History<Value> {
  return { past: [], present, future: [] };
}

/** Remembers one step. What had been undone is gone: the story took another turn. */
export function record<Value>(history: History<Value>, present: Value): History<Value> {
  if (present === history.present) return history;
  return { past: [...history.past, history.present].slice(-deepest), present, future: [] };
}

/** One step back; the same history at its beginning. */
export function undo<Value>(history: History<Value>): History<Value> {
  const present = history.past.at(-1);
  if (present === undefined) return history;
  return { past: history.past.slice(0, -1), present, future: [history.present, ...history.future] };
}

/** One step forward again; the same history at its end. */
export function redo<Value>(history: History<Value>): History<Value> {
  const [present, ...future] = history.future;
  if (present === undefined) return history;
  return { past: [...history.past, history.present], present, future };
}
