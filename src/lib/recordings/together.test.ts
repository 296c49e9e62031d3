import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { PastError } from './past-error.ts';
import type { NoPreview, Preview } from './preview-track.ts';
import type { Wanted } from './scrub.ts';
import { Together } from './together.ts';

const never = new AbortController().signal;
interface Sent {
  readonly wanted: readonly string[];
  readonly stream: string;
  readonly signal: AbortSignal;
  readonly each: (one: Preview | NoPreview) => void;
  readonly over: PromiseWithResolvers<undefined>;
}
let sent: Sent[];
let together: Together;
beforeEach(() => {
  sent = [];
  together = new Together(async (wanted, stream, signal, each) => {
    const over = Promise.withResolvers<undefined>();
    signal.addEventListener('abort', () => over.reject(signal.reason as Error));
    sent.push({ wanted: wanted.map(({ cameraId, at }) => `${cameraId}${at}`), stream, signal, each, over });
    await over.promise;
  });
});
const picture = (cameraId: string, at: number): Preview => ({
  cameraId,
  at,
  start: at - 10,
  until: undefined,
  codec: 'avc1.42c01e',
  file: new Uint8Array(),
});
const ask = (cameraId: string, at: number, signal = never, stream: 'sub' | 'main' = 'sub') =>
  together.ask({ cameraId, at } satisfies Wanted, stream, signal);
const later = () => new Promise((resolve) => setTimeout(resolve));

it('sends one request for what is asked for in one go, each stream by its own', async () => {
  const answers = [
    ask('a', 1),
    ask('b', 1),
    ask('a', 1, never, 'main'),
    ask('c', 2),
    ask('b', 1, never, 'main'),
  ];
  await later();
  expect(sent.map(({ wanted, stream }) => [stream, ...wanted])).toEqual([
    ['sub', 'a1', 'b1', 'c2'],
    ['main', 'a1', 'b1'],
  ]);
  for (const [id, at] of [
    ['b', 1],
    ['c', 2],
    ['a', 1],
  ] as const)
    sent[0]?.each(picture(id, at));
  expect(await Promise.all([answers[0], answers[1], answers[3]])).toEqual([
    picture('a', 1),
    picture('b', 1),
    picture('c', 2),
  ]);
});

it('lets who asks alone ask alone', async () => {
  expect(await ask('a', 1)).toBe('alone');
  const [one, other] = [ask('a', 1), ask('b', 1, never, 'main')];
  expect(await Promise.all([one, other])).toEqual(['alone', 'alone']);
  const left = new AbortController();
  const gone = ask('a', 1, left.signal);
  const stays = ask('b', 1);
  left.abort(new Error('left'));
  await expect(gone).rejects.toThrow('left');
  expect(await stays).toBe('alone');
  expect(sent).toEqual([]);
});

it('ends the request with the last who waits for it, whoever has an answer already', async () => {
  const leaving = ['a', 'b', 'c'].map(() => new AbortController());
  const [a, b, c] = ['a', 'b', 'c'].map((id, i) => ask(id, 1, leaving[i]!.signal));
  await later();
  leaving[0]!.abort(new Error('a has gone'));
  await expect(a).rejects.toThrow('a has gone');
  sent[0]?.each(picture('b', 1));
  expect(await b).toEqual(picture('b', 1));
  expect(sent[0]?.signal.aborted).toBe(false);
  leaving[2]!.abort(new Error('c has gone'));
  await expect(c).rejects.toThrow('c has gone');
  expect(sent[0]?.signal.aborted).toBe(true);
});

it('tells each why it has none: the camera’s own reason, or why the answer ended', async () => {
  const answers = [ask('a', 1), ask('a', 2), ask('b', 1), ask('b', 2), ask('c', 1), ask('d', 1)];
  await later();
  sent[0]?.each({ cameraId: 'a', at: 1, error: new PastError('no-recording', 'nothing') });
  sent[0]?.each(picture('a', 2));
  sent[0]?.each({ cameraId: 'b', at: 1, error: new PastError('not-permitted', 'no') });
  sent[0]?.each(picture('c', 1));
  sent[0]?.over.resolve(undefined);
  const told = await Promise.allSettled(answers);
  expect(told.map((one) => (one.status === 'fulfilled' ? 'here' : (one.reason as PastError).code))).toEqual([
    'no-recording',
    'here',
    'not-permitted',
    'not-permitted',
    'here',
    'unreachable',
  ]);
  const failing = [ask('a', 1), ask('b', 1)];
  await later();
  sent[1]?.over.reject(new PastError('overloaded', 'later'));
  for (const one of failing) await expect(one).rejects.toMatchObject({ code: 'overloaded' });
});

it('names no more cameras than a request may', async () => {
  for (let i = 0; i < 40; i++) void ask(`c${i}-`, 1);
  await later();
  expect(sent.map(({ wanted }) => wanted.length)).toEqual([36, 4]);
});

describe('while a request is young', () => {
  it('those who ask wait for its end, and then go together', async () => {
    const first = ['a', 'b', 'c'].map((id) => ask(id, 1));
    await later();
    const next: Promise<unknown>[] = [];
    // Each that has its picture asks for the next one.
    for (const id of ['a', 'b', 'c']) {
      sent[0]?.each(picture(id, 1));
      next.push(ask(id, 2));
      await later();
    }
    await Promise.all(first);
    expect(sent).toHaveLength(1);
    sent[0]?.over.resolve(undefined);
    await later();
    expect(sent[1]?.wanted).toEqual(['a2', 'b2', 'c2']);
    for (const id of ['a', 'b', 'c']) sent[1]?.each(picture(id, 2));
    await Promise.all(next);
  });

  it('nobody waits for long, and who leaves does not wait at all', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const slow = [ask('a', 1), ask('b', 1)];
    await vi.advanceTimersByTimeAsync(0);
    const left = new AbortController();
    const gone = ask('d', 2, left.signal);
    const others = [ask('b', 2), ask('c', 2)];
    left.abort(new Error('left'));
    await expect(gone).rejects.toThrow('left');
    await vi.advanceTimersByTimeAsync(70);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(20);
    expect(sent[1]?.wanted).toEqual(['b2', 'c2']);
    expect(sent[0]?.signal.aborted).toBe(false);
    for (const id of ['a', 'b']) sent[0]?.each(picture(id, 1));
    for (const id of ['b', 'c']) sent[1]?.each(picture(id, 2));
    await Promise.all([...slow, ...others]);
  });
});
