import { z } from 'zod';
import { News } from '#contract/news.ts';
import { otherRoutes, routes } from '#contract/routes.ts';
import { call } from './call.ts';
import { announceSignedOut, onSignedIn } from './signed-out.ts';

/** Who is told the news. */
export interface NewsReader {
  news(item: News): void;
  /** The stream stands, for the first time or again: whatever is shown may have missed something and is read afresh. */
  resync(): void;
  /** The stream broke (false) or stands (true). For a hint that what is shown may be old. */
  connected?(isConnected: boolean): void;
}

/** For tests. */
export interface NewsMeans {
  readonly open?: (url: string) => EventSource;
  /** Asks whether there is still a session; announces it when not. Resolves to whether it is worth trying on. */
  readonly hasSession?: () => Promise<boolean>;
  readonly random?: () => number;
}

/** An `EventSource` waits a fixed time before it reconnects; a whole control room would come back as one. */
const [firstCeilingMs, lastCeilingMs] = [1000, 30_000];

const kinds = News.options.map((option) => option.shape.kind.value);

/**
 * Follows the BFF's news until `signal` is aborted. Reconnects with full jitter, the ceiling growing to 30 s; at once
 * when the network is back. Rests while nobody is signed in, and while the page is in the back-forward cache.
 */
export function followNews(reader: NewsReader, signal: AbortSignal, means: NewsMeans = {}): void {
  const open = means.open ?? ((url: string) => new EventSource(url));
  const hasSession = means.hasSession ?? askForSession;
  const random = means.random ?? Math.random;
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let isSignedOut = false;

  const close = (): void => {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  };

  const connect = (): void => {
    close();
    if (signal.aborted || isSignedOut) return;
    const opened = open(otherRoutes.news.path);
    source = opened;
    for (const kind of kinds) opened.addEventListener(kind, (event) => read(event as MessageEvent<string>));
    opened.addEventListener('error', () => opened === source && void broken());
  };

  const read = (event: MessageEvent<string>): void => {
    const item = parse(event.data);
    if (!item) return;
    if (item.kind === 'hello') {
      failures = 0;
      reader.connected?.(true);
      reader.resync();
    }
    reader.news(item);
    if (item.kind === 'signed-out') {
      rest();
      announceSignedOut();
    }
  };

  const rest = (): void => {
    isSignedOut = true;
    close();
    reader.connected?.(false);
  };

  const broken = async (): Promise<void> => {
    close();
    reader.connected?.(false);
    failures += 1;
    const ceilingMs = Math.min(lastCeilingMs, firstCeilingMs * 2 ** (failures - 1));
    // Set before asking, so that what happens meanwhile (abort, network back) finds it.
    timer = setTimeout(connect, random() * ceilingMs);
    // An EventSource does not tell a 401 from a network that is down.
    if (!(await hasSession()) && !signal.aborted) rest();
  };

  const hasBroken = (): boolean => source === undefined && !isSignedOut;
  addEventListener('online', () => hasBroken() && connect(), { signal });
  addEventListener('pagehide', close, { signal });
  addEventListener('pageshow', (event) => event.persisted && connect(), { signal });
  const stopWaiting = onSignedIn(() => {
    isSignedOut = false;
    failures = 0;
    connect();
  });
  signal.addEventListener('abort', () => {
    stopWaiting();
    close();
  });
  connect();
}

/** One piece of news; undefined for what this version of the app does not know. */
function parse(text: string): News | undefined {
  try {
    return z.safeDecode(News, JSON.parse(text) as z.input<typeof News>).data;
  } catch {
    return undefined;
  }
}

async function askForSession(): Promise<boolean> {
  let hasEnded = false;
  await call(routes.readSession).catch((error: unknown) => {
    hasEnded = error instanceof Error && 'code' in error && error.code === 'signed-out';
  });
  return !hasEnded;
}
