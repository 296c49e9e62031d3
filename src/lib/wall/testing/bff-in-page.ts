import { getResponse } from 'msw';
import { handlersFor } from '#mocks/handlers.ts';
import { PretendBff } from '#mocks/pretend-bff.ts';
import { attachStream } from '#lib/media/attach-stream.ts';
import { replaceSources } from '#lib/media/open.ts';
import { StreamError } from '#lib/media/media-source.ts';

/** A pretend BFF that answers this page's requests, and pictures drawn in the page. */
export interface BffInPage {
  readonly bff: PretendBff;
  /** What was asked, as `POST /api/walls`. */
  readonly requests: string[];
  /** Pictures that are being received now, by camera id. */
  readonly open: ReadonlyMap<string, number>;
  close(): void;
}

/** Puts a pretend BFF behind `fetch` and a canvas behind every camera, signed in as an operator. */
export function bffInPage(): BffInPage {
  const bff = new PretendBff();
  bff.signIn('operator', 'x');
  const handlers = handlersFor(bff);
  const requests: string[] = [];
  const open = new Map<string, number>();
  const realFetch = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const request = new Request(input instanceof Request ? input : new URL(input, location.href), init);
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith('/api/')) return realFetch(input, init);
    requests.push(`${request.method} ${pathname}`);
    const response = await getResponse(handlers, request);
    if (!response) throw new TypeError(`Nobody answers ${request.method} ${pathname}`);
    return response;
  };
  const restore = replaceSources(({ cameraId }) => ({
    way: 'test-card',
    open: async (signal) => {
      signal.throwIfAborted();
      if (bff.camera(cameraId).state === 'down') throw new StreamError('camera-offline', 'Down');
      const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 36 });
      const brush = canvas.getContext('2d');
      const timer = setInterval(() => {
        if (!brush) return;
        brush.fillStyle = `hsl(${(performance.now() / 10) % 360} 50% 50%)`;
        brush.fillRect(0, 0, 64, 36);
      }, 66);
      const stream = canvas.captureStream();
      open.set(cameraId, (open.get(cameraId) ?? 0) + 1);
      let isOpen = true;
      return {
        way: 'test-card',
        attach: (video) => attachStream(video, stream),
        hasConnected: true,
        captureTimeOf: () => undefined,
        ended: new Promise(() => undefined),
        vitals: async () => undefined,
        close() {
          if (!isOpen) return;
          isOpen = false;
          clearInterval(timer);
          stream.getTracks().forEach((track) => track.stop());
          const left = (open.get(cameraId) ?? 1) - 1;
          if (left > 0) open.set(cameraId, left);
          else open.delete(cameraId);
        },
      };
    },
  }));
  return {
    bff,
    requests,
    open,
    close() {
      globalThis.fetch = realFetch;
      restore();
      localStorage.clear();
    },
  };
}
