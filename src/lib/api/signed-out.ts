const outListeners = new Set<() => void>();
const inListeners = new Set<() => void>();
let isAnnounced = false;

/**
 * Calls `listener` when the session turns out to have ended, once however many requests find out, and again only
 * after somebody signed in. So the app can show sign-in over the wall without losing it. Gives back the way to stop.
 */
export function onSignedOut(listener: () => void): () => void {
  outListeners.add(listener);
  return () => outListeners.delete(listener);
}

/** Calls `listener` when somebody has signed in after that: what stopped for want of a session can go on. */
export function onSignedIn(listener: () => void): () => void {
  inListeners.add(listener);
  return () => inListeners.delete(listener);
}

/** Somebody noticed that the session has ended: a 401, or news of it. */
export function announceSignedOut(): void {
  if (isAnnounced) return;
  isAnnounced = true;
  for (const listener of [...outListeners]) listener();
}

/** A session exists: the next end is worth announcing. */
export function announceSignedIn(): void {
  if (!isAnnounced) return;
  isAnnounced = false;
  for (const listener of [...inListeners]) listener();
}
