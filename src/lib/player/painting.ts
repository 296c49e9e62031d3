/** Without a frame of the page's own for so long, nothing of it is painted, ms. */
const stillMs = 1000;
/** Without being asked for so long, nothing is known, ms. */
const unaskedMs = 3000;

let lastFrameAt = -Infinity;
let pending = 0;
let asked = -Infinity;

/**
 * Whether the browser paints this page. A window that lies wholly under another one, or on a display that is off, may be
 * `visible` to the page and not painted all the same: then frame callbacks of videos stop, and say nothing of the videos.
 * Animation frames stop with them. To be asked a few times a second: it asks for an animation frame each time.
 */
export function isPagePainted(): boolean {
  if (document.visibilityState !== 'visible') return false;
  const now = performance.now();
  // Nobody has asked for a while: nothing is known, and a page that is visible usually is painted.
  if (now - asked > unaskedMs) lastFrameAt = now;
  asked = now;
  if (pending === 0)
    pending = requestAnimationFrame(() => {
      pending = 0;
      lastFrameAt = performance.now();
    });
  return now - lastFrameAt < stillMs;
}
