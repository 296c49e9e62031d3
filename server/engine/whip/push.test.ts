import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CodecName } from '../h26x/codec.ts';
import type { Input, InputEvents } from '../source/input.ts';
import { Path } from '../source/path.ts';
import { startEndpoint, type Endpoint } from './testing/endpoint.ts';
import { WhipPushes } from './pushes.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const sets = [hex('6742c01eda0280bfe5c044000003000400000300c83c58ba80'), hex('68ce0fc8')];
const idr = [...sets, hex('6588843a0c6001c1')];
const slice = [hex('419a22bc3d0a54ee')];
const soon = { timeout: 20_000, interval: 20 };

/** A camera that shows a picture every 20 ms, a keyframe every so many. */
class Camera implements Input {
  readonly codec: CodecName;
  readonly every: number;
  shown = 0;

  constructor(codec: CodecName, every: number) {
    this.codec = codec;
    this.every = every;
  }

  async run(events: InputEvents, signal: AbortSignal): Promise<void> {
    events.described(this.codec, this.codec === 'H264' ? sets : []);
    const timer = setInterval(() => {
      events.accessUnit(this.shown % this.every === 0 ? idr : slice, this.shown * 1800);
      this.shown += 1;
    }, 20);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    signal.addEventListener('abort', () => {
      clearInterval(timer);
      resolve(undefined);
    });
    await promise;
  }

  renew(): void {
    // It has no token.
  }
}

let endpoint: Endpoint;
let pushes: WhipPushes;
let path: Path;
let lines: { readonly words: string; readonly [key: string]: unknown }[];
const left = vi.fn<(name: string) => void>();

beforeEach(async () => {
  endpoint = await startEndpoint();
  lines = [];
  left.mockClear();
});
afterEach(async () => {
  await pushes.close();
  path.close();
  endpoint.close();
});

function begin({ codec = 'H264', every = 25 }: { codec?: CodecName; every?: number } = {}): void {
  const say = (more: object, words: string) => void lines.push({ ...more, words });
  const log = { info: say, warn: say, debug: say, error: say } as never;
  path = new Path({
    name: 'p1_sub',
    source: { type: 'rtsp', source: 'rtsp://192.0.2.1/a' },
    mtu: 1200,
    log,
    makeInput: () => new Camera(codec, every),
  });
  pushes = new WhipPushes({ path: () => path, left }, log, {
    cameraMs: 2000,
    connectMs: 10_000,
    silenceMs: 1500,
    reportMs: 100,
    rateMs: 200,
  });
}
const target = (token = 'secret-1', name = 'camera_p1 IN_1') => ({ url: endpoint.url, token, name });
const item = () => pushes.item('p1_sub');
const running = () => vi.waitFor(() => expect(item()?.state).toBe('running'), soon);

describe('a push', () => {
  it('begins with parameter sets and a keyframe, and tells the time', async () => {
    begin();
    pushes.replace('p1_sub', target());
    await vi.waitFor(() => expect(endpoint.sessions[0]?.types.length).toBeGreaterThan(50), soon);
    const [session] = endpoint.sessions;
    // SPS and PPS travel together or one by one, then the IDR.
    expect([7, 24]).toContain(session?.types[0]);
    expect(session?.types.slice(0, 3)).toContain(5);
    expect(session?.payloadTypes).toEqual(new Set([96]));
    await vi.waitFor(() => expect(session?.rtcp).toContain(200), soon);
    expect(session?.token).toBe('Bearer secret-1');
    expect(item()).toMatchObject({ state: 'running', connections: 1, name: 'camera_p1 IN_1' });
    await vi.waitFor(
      () => expect(lines.map(({ words }) => words).join('\n')).toMatch(/sends at .* Mbps/),
      soon,
    );
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  it('takes a fresh token for the next connection, and leaves this one alone', async () => {
    begin();
    pushes.replace('p1_sub', target());
    await running();
    pushes.replace('p1_sub', target('secret-2'));
    expect(item()).toMatchObject({ state: 'running', connections: 1 });
    // Gone without a word, as a server that was killed.
    endpoint.isTalkative = false;
    await vi.waitFor(() => expect(endpoint.sessions).toHaveLength(2), soon);
    expect(endpoint.sessions[1]?.token).toBe('Bearer secret-2');
    endpoint.isTalkative = true;
    await vi.waitFor(() => expect(item()).toMatchObject({ state: 'running', connections: 2 }), soon);
  });

  it('goes elsewhere when it is told so', async () => {
    begin();
    pushes.replace('p1_sub', target());
    await running();
    pushes.replace('p1_sub', target('secret-1', 'another room'));
    await vi.waitFor(() => expect(endpoint.sessions[0]?.isEnded).toBe(true), soon);
    await running();
    expect(item()?.name).toBe('another room');
  });

  it('takes leave of the endpoint and of the path', async () => {
    begin();
    pushes.replace('p1_sub', target());
    expect(path.readers).toBe(1);
    await running();
    expect(pushes.delete('p1_sub')).toBe(true);
    expect(pushes.delete('p1_sub')).toBe(false);
    await vi.waitFor(() => expect(left).toHaveBeenCalledWith('p1_sub'), soon);
    expect(endpoint.sessions[0]?.isEnded).toBe(true);
    expect(path.readers).toBe(0);
  });

  it('tries again after a refusal, and says why it waits', async () => {
    begin();
    endpoint.status = 401;
    pushes.replace('p1_sub', target());
    await vi.waitFor(() => expect(item()).toMatchObject({ state: 'error', code: 'target-refused' }), soon);
    endpoint.status = 503;
    pushes.replace('p1_sub', target('secret-2'));
    await vi.waitFor(
      () => expect(item()).toMatchObject({ state: 'error', code: 'target-unavailable' }),
      soon,
    );
    endpoint.status = undefined;
    await running();
    expect(item()?.code).toBeUndefined();
  });

  it('does not push what a browser may not be able to show', async () => {
    begin({ codec: 'H265' });
    pushes.replace('p1_sub', target());
    await vi.waitFor(() => expect(item()).toMatchObject({ state: 'error', code: 'codec-unsupported' }), soon);
    expect(endpoint.sessions).toEqual([]);
  });
});

describe('a viewer that needs a keyframe', () => {
  const keyframes = () => endpoint.sessions[0]?.types.filter((type) => type === 5).length ?? 0;

  it('gets the last one again where the next is far off', async () => {
    begin({ every: 100_000 });
    pushes.replace('p1_sub', target());
    await vi.waitFor(() => expect(endpoint.sessions[0]?.types.length).toBeGreaterThan(20), soon);
    expect(keyframes()).toBe(1);
    endpoint.sessions[0]?.askForKeyframe();
    await vi.waitFor(() => expect(keyframes()).toBe(2), soon);
  });

  it('waits for the next where that is near: those who watch already see no picture twice', async () => {
    begin({ every: 25 });
    pushes.replace('p1_sub', target());
    // Two keyframes tell how far they are apart.
    await vi.waitFor(() => expect(keyframes()).toBeGreaterThan(2), soon);
    const [session] = endpoint.sessions;
    const before = session?.types.length ?? 0;
    session?.askForKeyframe();
    await vi.waitFor(() => expect(session?.types.length).toBeGreaterThan(before + 60), soon);
    const slices = session?.types.slice(before) ?? [];
    const gaps = slices.join(' ').split('5').slice(1, -1);
    // Between two keyframes there are 24 slices, never fewer.
    for (const gap of gaps) expect(gap.split(' ').filter((type) => type === '1')).toHaveLength(24);
    expect(gaps.length).toBeGreaterThan(0);
  });
});
