import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { EngineError } from '../error.ts';
import type { CodecName } from '../h26x/codec.ts';
import type { Input, InputEvents } from './input.ts';
import { Path } from './path.ts';
import { retryDelay } from './retry.ts';
import type { SourceRequest } from './source.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const sps = hex('6742c01eda0280bfe5c044000003000400000300c83c58ba80');
const idr = [sps, hex('68ce0fc8'), hex('6588843a0c6001c1')];
const p = [hex('419a22bc3d0a54ee')];
const b = [hex('419e414212fffeea')];

const rtsp: SourceRequest = { type: 'rtsp', source: 'rtsp://192.0.2.1/a' };
const recorder = (token: string): SourceRequest => ({
  type: 'image-server',
  source: 'imageserver://192.0.2.1:7563/d',
  token,
});
const silent = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  debug: () => undefined,
};

/** A source whose every run the test plays by hand. */
class Run implements Input {
  readonly source: SourceRequest;
  readonly tokens: string[] = [];
  readonly #end = Promise.withResolvers<undefined>();
  #events: InputEvents | undefined;
  wasAborted = false;
  #time = 0;

  constructor(source: SourceRequest) {
    this.source = source;
  }

  async run(events: InputEvents, signal: AbortSignal): Promise<void> {
    this.#events = events;
    signal.addEventListener('abort', () => {
      this.wasAborted = true;
      this.#end.resolve(undefined);
    });
    await this.#end.promise;
  }

  renew(token: string): void {
    this.tokens.push(token);
  }

  get events(): InputEvents {
    if (this.#events === undefined) throw new Error('the path has not begun this run');
    return this.#events;
  }

  describe(codec: CodecName = 'H264'): void {
    this.events.described(codec, []);
  }

  show(units: readonly Buffer[]): void {
    this.#time += 3600;
    this.events.accessUnit(units, this.#time);
  }

  fail(code: EngineError['code'] = 'camera-offline'): void {
    this.#end.reject(new EngineError(code, 'broken'));
  }
}

function open(source: SourceRequest = rtsp) {
  const runs: Run[] = [];
  const path = new Path({
    name: 'a/sub',
    source,
    mtu: 1200,
    log: silent as never,
    times: { stallMs: 1000, firstMs: 3000, freshMs: 1000 },
    random: () => 0.5,
    makeInput: (asked) => {
      const run = new Run(asked);
      runs.push(run);
      return run;
    },
  });
  onTestFinished(() => {
    path.close();
  });
  const reader = { pump: vi.fn<() => void>(), hold: vi.fn<() => void>(), end: vi.fn<() => void>() };
  path.attach(reader);
  return {
    path,
    runs,
    reader,
    /** The run under way. */
    get run(): Run {
      const run = runs.at(-1);
      if (run === undefined) throw new Error('no run');
      return run;
    },
  };
}

/** Lets promises settle, and this much time pass. */
const pass = async (ms = 0): Promise<void> => {
  await vi.advanceTimersByTimeAsync(ms);
};
const never = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a path', () => {
  it('starts at once, and runs when a complete picture has come', () => {
    const at = open();
    expect(at.runs).toHaveLength(1);
    at.run.describe();
    expect([at.path.state, at.path.codec]).toEqual(['connecting', 'H264']);
    at.run.show(idr);
    expect([at.path.state, at.path.format?.width]).toEqual(['running', 640]);
    expect(at.reader.pump).toHaveBeenCalled();
    expect(at.path.counters).toMatchObject({ pictures: 1, packets: 1, bytes: 37 });
  });

  it('tells an offer the codec as soon as the source has', async () => {
    const at = open();
    const ready = at.path.ready(1500, never);
    await pass(700);
    at.run.describe();
    await expect(ready).resolves.toBe('H264');
    await expect(at.path.ready(1500, never)).resolves.toBe('H264');
  });

  it('has an offer wait no longer than that', async () => {
    const at = open();
    const ready = at.path.ready(1500, never).catch((error: unknown) => error);
    await pass(1501);
    expect(await ready).toMatchObject({ code: 'camera-offline' });
    const gone = at.path.ready(1500, AbortSignal.abort(new Error('went away')));
    await expect(gone).rejects.toThrow('went away');
  });

  it('says why there is nothing, at once and until there is something', async () => {
    const at = open();
    const ready = at.path.ready(1500, never).catch((error: unknown) => error);
    at.run.fail('source-refused');
    expect(await ready).toMatchObject({ code: 'source-refused' });
    await pass(2500);
    expect(at.runs).toHaveLength(2);
    expect([at.path.state, at.path.errorCode]).toEqual(['error', 'source-refused']);
    at.run.describe();
    at.run.show(idr);
    expect([at.path.state, at.path.errorCode]).toEqual(['running', undefined]);
  });

  it('tries again later and later', async () => {
    const at = open();
    const gaps: number[] = [];
    for (let i = 0; i < 8; i++) {
      const before = Date.now();
      const runs = at.runs.length;
      at.run.fail();
      while (at.runs.length === runs) await pass(10);
      gaps.push(Date.now() - before);
    }
    expect(gaps[0]).toBeLessThan(400);
    expect(gaps.slice(1).every((gap, i) => gap >= (gaps[i] ?? 0))).toBe(true);
    expect(gaps.at(-1)).toBeLessThan(8000);
  });

  it('connects anew when pictures stop though the connection stands', async () => {
    const at = open();
    at.run.describe();
    at.run.show(idr);
    const first = at.run;
    await pass(900);
    first.show(p);
    await pass(900);
    expect(first.wasAborted).toBe(false);
    await pass(400);
    expect(first.wasAborted).toBe(true);
    expect(at.path.errorCode).toBe('camera-offline');
    await pass(1000);
    expect(at.runs).toHaveLength(2);
  });

  it('is patient with the first picture: GOPs may be long', async () => {
    const at = open();
    at.run.describe();
    await pass(2800);
    expect(at.run.wasAborted).toBe(false);
    await pass(600);
    expect(at.runs[0]?.wasAborted).toBe(true);
  });

  it('shows nobody what is no longer live', () => {
    const at = open();
    at.run.describe();
    at.run.show(idr);
    expect(at.path.reel.keyframe).toBe(0);
    at.run.fail();
    return pass().then(() => {
      expect(at.path.reel.keyframe).toBeUndefined();
      expect(at.reader.hold).toHaveBeenCalledOnce();
      expect(at.reader.end).not.toHaveBeenCalled();
    });
  });

  it('goes on for its viewers after a restart: later, and from a keyframe', async () => {
    const at = open();
    at.run.describe();
    at.run.show(idr);
    at.run.show(p);
    const last = at.path.reel.lastTimestamp ?? Infinity;
    at.run.fail();
    await pass(400);
    at.run.describe();
    at.run.show(p);
    expect(at.path.reel.lastTimestamp).toBe(last);
    at.run.show(idr);
    expect(at.path.reel.lastTimestamp).toBeGreaterThan(last);
    expect(at.path.reel.at(at.path.reel.keyframe ?? -1)?.timestamp).toBe(at.path.reel.lastTimestamp);
    expect(at.path.counters.restarts).toBe(1);
  });

  it('ends its viewers when the camera comes back with another codec', async () => {
    const at = open();
    at.run.describe('H264');
    at.run.show(idr);
    at.run.fail();
    await pass(400);
    at.run.describe('H265');
    expect(at.reader.end).toHaveBeenCalledOnce();
    expect(at.path.codec).toBe('H265');
  });

  it('refuses B-frames with a code of their own, ends the viewers, and asks rarely whether they are gone', async () => {
    const at = open();
    at.run.describe();
    at.run.show(idr);
    for (let i = 0; i < 3; i++) at.run.show(b);
    await pass();
    expect(at.path.errorCode).toBe('b-frames');
    expect(at.reader.end).toHaveBeenCalledOnce();
    await expect(at.path.ready(1500, never)).rejects.toMatchObject({ code: 'b-frames' });
    await pass(1400);
    expect(at.runs).toHaveLength(1);
    await pass(300);
    expect(at.runs).toHaveLength(2);
  });

  it('changes nothing for the same source, hands on a fresh token, and starts anew for another source', async () => {
    const at = open(recorder('one'));
    at.run.describe();
    at.run.show(idr);
    at.path.change(recorder('one'));
    at.path.change(recorder('two'));
    await pass(100);
    expect(at.runs).toHaveLength(1);
    expect(at.run.tokens.at(-1)).toBe('two');
    expect(at.path.state).toBe('running');
    at.path.change(rtsp);
    await pass();
    expect(at.runs).toHaveLength(2);
    expect(at.run.source).toEqual(rtsp);
    expect(at.runs[0]?.wasAborted).toBe(true);
    expect(at.path.state).toBe('connecting');
  });

  it('does not wait out its pause when a fresh token comes after a refusal', async () => {
    const at = open(recorder('dead'));
    at.run.fail('source-refused');
    await pass(10);
    expect(at.runs).toHaveLength(1);
    at.path.change(recorder('fresh'));
    await pass();
    expect(at.runs).toHaveLength(2);
    expect(at.run.source).toEqual(recorder('fresh'));
  });

  it('stays connected when the recorder has lost the camera, and says that it is off', async () => {
    const at = open(recorder('one'));
    at.run.describe();
    at.run.show(idr);
    at.run.events.outage();
    expect([at.path.state, at.path.errorCode]).toEqual(['error', 'camera-offline']);
    expect(at.path.reel.keyframe).toBeUndefined();
    await pass(30_000);
    expect(at.run.wasAborted).toBe(false);
    at.run.show(p);
    at.run.show(idr);
    expect([at.path.state, at.path.errorCode]).toEqual(['running', undefined]);
  });

  it('lets a run that is ended reach nobody any more', async () => {
    const at = open();
    at.run.describe();
    at.run.show(idr);
    const { head } = at.path.reel;
    const first = at.run;
    first.fail();
    await pass(400);
    first.show(p);
    expect(at.path.reel.head).toBe(head);
  });

  it('ends source and viewers when it is closed, once', async () => {
    const at = open();
    const ready = at.path.ready(1500, never).catch((error: unknown) => error);
    at.path.close();
    at.path.close();
    expect(await ready).toMatchObject({ code: 'not-found' });
    expect(at.run.wasAborted).toBe(true);
    expect(at.reader.end).toHaveBeenCalledOnce();
    await pass(60_000);
    expect(at.runs).toHaveLength(1);
  });
});

describe('the pause before another attempt', () => {
  it('doubles, is capped, and is drawn anew each time', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 50].map((attempt) =>
      retryDelay(attempt, 'camera-offline', () => 1),
    );
    expect(longest).toEqual([500, 1000, 2000, 3000, 3000, 3000, 3000, 3000]);
    expect(retryDelay(50, 'camera-offline', () => 0)).toBe(100);
    expect(retryDelay(3, 'camera-offline', () => 0.5)).toBe(1050);
  });

  it('is longer where asking often does harm', () => {
    expect(retryDelay(1, 'source-refused', () => 1)).toBe(4000);
    expect(retryDelay(9, 'source-refused', () => 1)).toBe(60_000);
    expect(retryDelay(9, 'b-frames', () => 1)).toBe(3000);
  });
});
