import { expect, it } from 'vitest';
import { mostPreviews, type PreviewsQuery } from '#contract/recording-previews.ts';
import { previewPart, type SentHead } from '#mocks/preview-part.ts';
import { type FetchPreviews, type NoPreview, type Preview, readPreviews } from './preview-track.ts';

const noon = Date.UTC(2026, 10, 20, 12);
const never = new AbortController().signal;
const iso = (ms: number): string => new Date(ms).toISOString();

const part = (head: Partial<SentHead>, picture = ''): Uint8Array => previewPart(head, Buffer.from(picture));

/** An answer of these parts, cut into pieces of so many bytes. */
function answer(parts: readonly Uint8Array[], pieceBytes = 1000) {
  const asked: { query: PreviewsQuery; signal: AbortSignal }[] = [];
  let isCancelled = false;
  const bytes = Buffer.concat(parts);
  const fetchThem: FetchPreviews = async (query, signal) => {
    asked.push({ query, signal });
    let at = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (signal.aborted) controller.error(signal.reason);
        else if (at >= bytes.length) controller.close();
        else controller.enqueue(new Uint8Array(bytes.subarray(at, (at += pieceBytes))));
      },
      cancel() {
        isCancelled = true;
      },
    });
    return await Promise.resolve(new Response(body));
  };
  return { asked, fetchThem, wasCancelled: () => isCancelled };
}
const wish = (...moments: number[]) =>
  ({ wanted: moments.map((at) => ({ cameraId: 'c', at })), stream: 'sub', form: 'keyframe' }) as const;
async function all(previews: AsyncIterable<Preview | NoPreview>) {
  const found = [];
  for await (const one of previews)
    if ('error' in one) found.push({ cameraId: one.cameraId, at: one.at, code: one.error.code });
    else {
      const { file, ...rest } = one;
      found.push({ ...rest, file: Buffer.from(file).toString() });
    }
  return found;
}

it.each([1, 3, 7, 1000])('gives each picture as it was sent, in pieces of %s bytes', async (pieceBytes) => {
  const { asked, fetchThem } = answer(
    [
      part({ slot: 0, start: iso(noon + 4000), codec: 'avc1.42c01e' }, 'one'),
      part({ slot: 1, problem: 'no-recording' }),
      part({ slot: 2, start: iso(noon), until: iso(noon + 900), codec: 'avc1.42c01e' }, 'two'),
      part({ slot: 3, start: iso(noon + 4000), codec: 'avc1.42c01e' }),
    ],
    pieceBytes,
  );
  const moments = [noon + 5000, noon - 9000, noon + 700, noon + 5500];
  const codec = 'avc1.42c01e';
  expect(await all(readPreviews(wish(...moments), never, fetchThem))).toEqual([
    { cameraId: 'c', at: noon + 5000, start: noon + 4000, until: undefined, codec, file: 'one' },
    { cameraId: 'c', at: noon - 9000, code: 'no-recording' },
    { cameraId: 'c', at: noon + 700, start: noon, until: noon + 900, codec, file: 'two' },
    { cameraId: 'c', at: noon + 5500, start: noon + 4000, until: undefined, codec, file: 'one' },
  ]);
  expect(asked.map(({ query }) => query)).toEqual([
    {
      cameras: ['c'],
      from: noon - 9000,
      slots: [14_000, 0, 9700, 14_500].map((ms) => ({ camera: 0, ms })),
      stream: 'sub',
      form: 'keyframe',
      width: 320,
    },
  ]);
});

it('asks for no more than an answer may hold, and for nothing when nothing is wanted', async () => {
  const { asked, fetchThem } = answer([]);
  const many = Array.from({ length: mostPreviews + 5 }, (_, i) => noon + i);
  await all(readPreviews(wish(...many), never, fetchThem));
  await all(readPreviews(wish(), never, fetchThem));
  expect(asked.map(({ query }) => query.slots.length)).toEqual([mostPreviews]);
});

it('ends the request when the loop is left, and when the signal says so', async () => {
  const parts = [0, 1, 2].map((slot) => part({ slot, start: iso(noon) }, 'picture'));
  const left = answer(parts, 10);
  for await (const { at } of readPreviews(wish(noon, noon, noon), never, left.fetchThem)) {
    expect(at).toBe(noon);
    break;
  }
  expect(left.asked[0]?.signal.aborted).toBe(true);

  const other = answer(parts, 10);
  const leaving = new AbortController();
  const reading = (async () => {
    for await (const { at } of readPreviews(wish(noon, noon), leaving.signal, other.fetchThem))
      if (at === noon) leaving.abort(new Error('dragged on'));
  })();
  await expect(reading).rejects.toThrow('dragged on');
});

it.each([
  ['breaks off', [part({ slot: 0, start: iso(noon) }, 'picture').subarray(0, 40)], 'unreachable'],
  ['is of a later moment', [part({ slot: 0, start: iso(noon + 1) }, 'picture')], 'damaged'],
  ['is of a slot nobody asked for', [part({ slot: 7, start: iso(noon) }, 'picture')], 'damaged'],
  ['names a picture that has not come', [part({ slot: 0, start: iso(noon) })], 'damaged'],
  ['says nothing', [part({})], 'damaged'],
  ['is endless', [Buffer.from([255, 255, 255, 255, 1])], 'damaged'],
])('an answer that %s is a PastError', async (_what, parts, code) => {
  const { fetchThem } = answer(parts);
  await expect(all(readPreviews(wish(noon), never, fetchThem))).rejects.toMatchObject({
    name: 'PastError',
    code,
  });
});

it.each([
  ['vms-unavailable', 'vms-unavailable'],
  ['not-permitted', 'not-permitted'],
  ['not-found', 'not-found'],
  ['overloaded', 'overloaded'],
  ['codec-unsupported', 'codec'],
  ['internal', 'vms-unavailable'],
] as const)(
  'says of one camera that it has none because of %s, and gives those of the others',
  async (problem, code) => {
    const { asked, fetchThem } = answer([
      part({ slot: 1, start: iso(noon), codec: 'avc1.42c01e' }, 'of b'),
      part({ slot: 0, problem }),
      part({ slot: 3, start: iso(noon), codec: 'avc1.42c01e' }),
    ]);
    const wanted = [noon, noon + 500].flatMap((at) => ['a', 'b'].map((cameraId) => ({ cameraId, at })));
    const found = await all(readPreviews({ wanted, stream: 'sub', form: 'keyframe' }, never, fetchThem));
    expect(found).toMatchObject([
      { cameraId: 'b', at: noon, file: 'of b' },
      { cameraId: 'a', at: noon, code },
      { cameraId: 'b', at: noon + 500, file: 'of b' },
    ]);
    expect(asked[0]?.query).toMatchObject({
      cameras: ['a', 'b'],
      slots: [
        { camera: 0, ms: 0 },
        { camera: 1, ms: 0 },
        { camera: 0, ms: 500 },
        { camera: 1, ms: 500 },
      ],
    });
  },
);

it('does not take the picture of one camera for that of another', async () => {
  const { fetchThem } = answer([
    part({ slot: 0, start: iso(noon) }, 'of a'),
    part({ slot: 1, start: iso(noon) }),
  ]);
  const wanted = ['a', 'b'].map((cameraId) => ({ cameraId, at: noon }));
  await expect(
    all(readPreviews({ wanted, stream: 'sub', form: 'keyframe' }, never, fetchThem)),
  ).rejects.toMatchObject({ code: 'damaged' });
});

it('a refusal is the PastError that it is for single pictures', async () => {
  const refused: FetchPreviews = async () =>
    await Promise.resolve(
      new Response(
        JSON.stringify({
          type: 'urn:parapet:problem:not-permitted',
          code: 'not-permitted',
          title: 'No.',
          status: 403,
        }),
        { status: 403, headers: { 'content-type': 'application/problem+json' } },
      ),
    );
  await expect(all(readPreviews(wish(noon), never, refused))).rejects.toMatchObject({
    code: 'not-permitted',
  });
  const lost: FetchPreviews = () => Promise.reject(new TypeError('fetch failed'));
  await expect(all(readPreviews(wish(noon), never, lost))).rejects.toMatchObject({
    code: 'unreachable',
  });
});
