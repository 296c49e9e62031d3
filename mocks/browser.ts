import { setupWorker } from 'msw/browser';
import type { Camera } from '#contract/camera.ts';
import { handlersFor } from './handlers.ts';
import { PretendBff } from './pretend-bff.ts';

const storedAs = 'parapet.mock.user';

/** What the page gets from its pretend back end beside answers. */
export interface Mocks {
  readonly bff: PretendBff;
  /** What a test card for this camera shows; undefined for one that may not be seen. */
  subjectOf(cameraId: string): Camera | undefined;
}

/** Starts the service worker that answers every `/api` request in place of a server. */
export async function startMocks(): Promise<Mocks> {
  const bff = new PretendBff();
  // Who is signed in survives a reload, as with a cookie.
  const name = sessionStorage.getItem(storedAs);
  if (name !== null) bff.signIn(name, '');
  const remember = (): void => {
    try {
      sessionStorage.setItem(storedAs, bff.session().user.name);
    } catch {
      sessionStorage.removeItem(storedAs);
    }
  };
  addEventListener('pagehide', remember);

  const worker = setupWorker(...handlersFor(bff));
  await worker.start({
    quiet: true,
    serviceWorker: { url: '/mockServiceWorker.js' },
    onUnhandledRequest(request, print) {
      // A path of ours that nobody mocks is a mistake; everything else is Vite's.
      if (new URL(request.url).pathname.startsWith('/api/')) print.error();
    },
  });
  return {
    bff,
    subjectOf(cameraId) {
      try {
        return bff.camera(cameraId);
      } catch {
        return undefined;
      }
    },
  };
}
