const listeners = new Set<() => void>();
let isAnnounced = false;

/**
 * Calls `listener` when the session turns out to have ended, once however many requests find out, and again only
 * after somebody signed in. So the app can show sign-in over the wall without losing it. Gives back the way to stop.
 */
export function onSignedOut(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Somebody noticed that the session has ended: a 401, or news of it. */
export function announceSignedOut(): void {
  if (isAnnounced) return;
  isAnnounced = true;
  for (const listener of [...listeners]) listener();
}

/** A session exists again: the next end is worth announcing. */
export function rememberSignedIn(): void {
  isAnnounced = false;
}
