/** What a page goes through that pictures have to know of. */
export interface PageLife {
  /** The page is being left, for good or into the back-forward cache, where open peer connections bar it. */
  leave(): void;
  /** The page came back from the back-forward cache. */
  comeBack(): void;
  /** The network is back, or somebody looks at the page again. */
  improve(): void;
  /** It may be another network than before. Before {@link improve}. */
  changeNetwork(): void;
}

const listeners = new Set<PageLife>();
let stop: AbortController | undefined;

function listen(): AbortController {
  const controller = new AbortController();
  const { signal } = controller;
  addEventListener('pagehide', () => each((life) => life.leave()), { signal });
  addEventListener('pageshow', (event) => event.persisted && each((life) => life.comeBack()), { signal });
  const changed = (): void => {
    each((life) => life.changeNetwork());
    each((life) => life.improve());
  };
  addEventListener('online', changed, { signal });
  // Chromium on some systems only (https://wicg.github.io/netinfo/). Most changes are new guesses of its speed.
  const { connection } = navigator as { readonly connection?: EventTarget & { readonly type?: string } };
  let kind = connection?.type;
  const reported = (): void => {
    if (connection?.type === kind) return;
    kind = connection?.type;
    changed();
  };
  connection?.addEventListener('change', reported, { signal });
  document.addEventListener(
    'visibilitychange',
    () => document.visibilityState === 'visible' && each((life) => life.improve()),
    { signal },
  );
  return controller;
}

function each(tell: (life: PageLife) => void): void {
  for (const life of [...listeners]) tell(life);
}

/** Tells `life` what happens to the page, until the given way to stop is called. One set of listeners for all. */
export function followPage(life: PageLife): () => void {
  listeners.add(life);
  stop ??= listen();
  return () => {
    listeners.delete(life);
    if (listeners.size > 0) return;
    stop?.abort();
    stop = undefined;
  };
}
