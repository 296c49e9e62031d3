import type { ClientInit } from '@sveltejs/kit/hooks';

/** `npm run dev:mock`: the whole app without a server. The condition is constant, so that builds leave all of it out. */
export const init: ClientInit = async () => {
  if (import.meta.env.MODE !== 'mock') return;
  const [{ startMocks }, { replaceSources }, { TestCardSource }] = await Promise.all([
    import('#mocks/browser.ts'),
    import('#lib/media/open.ts'),
    import('#lib/media/test-card/test-card-source.ts'),
  ]);
  const mocks = await startMocks();
  const cards = new Map<string, InstanceType<typeof TestCardSource>>();
  const down = new Set<string>();
  replaceSources(({ cameraId }) => {
    const camera = mocks.subjectOf(cameraId);
    const card = cards.get(cameraId) ?? new TestCardSource(camera ?? { number: 0, name: '' });
    cards.set(cameraId, card);
    // What the console did to a card stays done; only the camera's own state is followed.
    if (camera?.state === 'down') {
      card.kill('camera-offline');
      down.add(cameraId);
    } else if (down.delete(cameraId)) card.revive();
    return card;
  });
  // For the console and for tests: `parapetMocks.cards.get(id).freeze()`, `parapetMocks.bff.setCameraState(id, 'down')`.
  Object.assign(globalThis, { parapetMocks: { bff: mocks.bff, cards } });
};
