/**
 * Runs in the page before the app does: notes each peer connection, when the wall asked for its cameras, and when each
 * `<video>` presented its first picture. Self-contained, because Playwright sends its source text.
 */
export function watchWall(): void {
  const notes = {
    peers: [] as RTCPeerConnection[],
    firstFrames: new Map<HTMLVideoElement, number>(),
    askedAt: NaN,
    longTasks: [] as { at: number; ms: number }[],
  };
  Object.assign(globalThis, { wallNotes: notes });

  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      notes.longTasks.push({ at: startTime, ms: duration });
  }).observe({ type: 'longtask', buffered: true });

  const Native = RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      notes.peers.push(this);
    }
  };
  const nativeFetch = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (url.endsWith('/api/reservations') && Number.isNaN(notes.askedAt)) notes.askedAt = performance.now();
    return nativeFetch(input, init);
  };
  new MutationObserver(() => {
    for (const video of document.querySelectorAll('video')) {
      if (notes.firstFrames.has(video)) continue;
      notes.firstFrames.set(video, NaN);
      video.requestVideoFrameCallback((now) => notes.firstFrames.set(video, now));
    }
  }).observe(document, { childList: true, subtree: true });
}

/** What {@link watchWall} noted, per tile that has shown a picture; ms after the wall asked for its cameras. */
export function firstFrames(): number[] {
  const { wallNotes } = globalThis as unknown as {
    wallNotes: { firstFrames: Map<HTMLVideoElement, number>; askedAt: number };
  };
  const perTile = new Map<Element, number>();
  for (const [video, at] of wallNotes.firstFrames) {
    const figure = video.closest('figure');
    if (figure === null || Number.isNaN(at)) continue;
    perTile.set(figure, Math.min(perTile.get(figure) ?? Infinity, at));
  }
  return [...perTile.values()].map((at) => at - wallNotes.askedAt);
}

/**
 * Runs in the page before the app does: notes when each tile first showed a picture of any kind, the last still known or a
 * live one, ms of the page's clock. Self-contained.
 */
export function watchStills(): void {
  const stillsSeen = new Map<Element, number>();
  Object.assign(globalThis, { stillsSeen });
  const look = () => {
    for (const picture of document.querySelectorAll('figure[data-tile] .picture:not(.blank)')) {
      const figure = picture.closest('figure');
      if (figure && !stillsSeen.has(figure)) stillsSeen.set(figure, performance.now());
    }
  };
  new MutationObserver(look).observe(document, {
    childList: true,
    subtree: true,
    attributeFilter: ['class'],
  });
}

/** What {@link watchStills} noted, per tile; ms after {@link watchWall} saw the wall ask for its cameras. */
export function stillsSeen(): number[] {
  const { wallNotes, stillsSeen } = globalThis as unknown as {
    wallNotes: { askedAt: number };
    stillsSeen: Map<Element, number>;
  };
  return [...stillsSeen.values()].map((at) => at - wallNotes.askedAt);
}

/** Tasks of more than 50 ms that {@link watchWall} noted since `from` (a moment of the page's clock), ms each. */
export function longTasks(from: number): number[] {
  const { wallNotes } = globalThis as unknown as { wallNotes: { longTasks: { at: number; ms: number }[] } };
  return wallNotes.longTasks.filter(({ at }) => at >= from).map(({ ms }) => Math.round(ms));
}

/** Counters of all connected receivers, summed where that means something. */
export async function decoded(): Promise<{ at: number; frames: number[]; dropped: number }> {
  const { wallNotes } = globalThis as unknown as { wallNotes: { peers: RTCPeerConnection[] } };
  const frames: number[] = [];
  let dropped = 0;
  for (const peer of wallNotes.peers) {
    if (peer.connectionState !== 'connected') continue;
    for (const stat of (await peer.getStats()).values() as Iterable<Record<string, unknown>>) {
      if (stat['type'] !== 'inbound-rtp' || stat['kind'] !== 'video') continue;
      frames.push(Number(stat['framesDecoded'] ?? 0));
      dropped += Number(stat['framesDropped'] ?? 0);
    }
  }
  return { at: performance.now(), frames, dropped };
}

/**
 * For `forMs`, reads the strip of one tile after the other at the moment a picture is presented. Resolves to glass to
 * glass latencies in ms; the clocks are the same machine's.
 */
export async function latencies(forMs: number): Promise<number[]> {
  const { readStrip } = globalThis as unknown as {
    readStrip: (picture: ImageData) => { number: number; timeMs: number } | undefined;
  };
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('no canvas');
  const result: number[] = [];
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    for (const video of document.querySelectorAll('video')) {
      if (video.videoWidth === 0) continue;
      const shownAt = await new Promise<number>((resolve) => {
        const patience = setTimeout(() => resolve(NaN), 500);
        video.requestVideoFrameCallback((_now, frame) => {
          clearTimeout(patience);
          resolve(performance.timeOrigin + frame.expectedDisplayTime);
        });
      });
      if (Number.isNaN(shownAt)) continue;
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      context.drawImage(video, 0, 0);
      const strip = readStrip(context.getImageData(0, 0, canvas.width, canvas.height));
      if (strip) result.push(shownAt - strip.timeMs);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
  }
  return result;
}
