import { describe, expect, it } from 'vitest';
import { cutIntoHours, hourMs, joinHours } from './hour-blocks.ts';
import { readTime } from './recorder-parts.ts';
import { SharedWork } from '#server/vms/shared-work.ts';
import { readEntries } from './soap-sequences.ts';
import { timeSpan } from './task-sequences.ts';
import { Turns } from './turns.ts';

const never = new AbortController().signal;

describe('times', () => {
  it.each([
    ['2025-10-27T20:07:47.0591239Z', Date.UTC(2025, 9, 27, 20, 7, 47, 59)],
    ['2025-10-27T20:07:47', Date.UTC(2025, 9, 27, 20, 7, 47)],
    ['2025-10-27T20:07:47.1', Date.UTC(2025, 9, 27, 20, 7, 47, 100)],
    ['2025-10-27T23:07:47.5+03:00', Date.UTC(2025, 9, 27, 20, 7, 47, 500)],
    // The hour that comes twice in Berlin, its first and its second half past two.
    ['2026-10-25T02:30:00.0000000+02:00', Date.UTC(2026, 9, 25, 0, 30)],
    ['2026-10-25T02:30:00.0000000+01:00', Date.UTC(2026, 9, 25, 1, 30)],
    ['soon', NaN],
  ])('%s', (text, timeMs) => expect(readTime(text)).toBe(timeMs));

  it('mean the same wherever the server stands', () => {
    const zoneBefore = process.env['TZ'];
    try {
      for (const zone of ['Europe/Berlin', 'Asia/Dubai', 'America/St_Johns']) {
        process.env['TZ'] = zone;
        expect(readTime('2026-10-25T01:30:00.0000000')).toBe(Date.UTC(2026, 9, 25, 1, 30));
        expect(readTime('2026-03-29T02:30:00.000Z')).toBe(Date.UTC(2026, 2, 29, 2, 30));
      }
    } finally {
      if (zoneBefore === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zoneBefore;
    }
  });

  it.each([
    [0, '000.00:00:00'],
    [1, '000.00:00:01'],
    [90 * 24 * hourMs, '090.00:00:00'],
    [998 * 24 * hourMs + 3_723_001, '998.01:02:04'],
    [3650 * 24 * hourMs, '999.00:00:00'],
  ])('a length of %i ms', (ms, text) => expect(timeSpan(ms)).toBe(text));
});

describe('sequences as XML', () => {
  const entry = (prefix: string) =>
    `<${prefix}SequenceEntry><${prefix}TimeBegin>2025-10-27T20:07:47.059Z</${prefix}TimeBegin><${prefix}TimeTrigged>2025-10-27T20:07:47.059Z</${prefix}TimeTrigged><${prefix}TimeEnd>2025-10-27T20:07:52.992Z</${prefix}TimeEnd></${prefix}SequenceEntry>`;
  const span = { start: Date.UTC(2025, 9, 27, 20, 7, 47, 59), end: Date.UTC(2025, 9, 27, 20, 7, 52, 992) };

  it('are read with or without a prefix, none where there is none', () => {
    expect(readEntries(`<R>${entry('')}${entry('a:')}</R>`)).toEqual([span, span]);
    expect(readEntries('<SequencesGetResult />')).toEqual([]);
  });

  it('without a time are an error', () => {
    expect(() =>
      readEntries('<SequenceEntry><TimeBegin>2025-10-27T20:07:47Z</TimeBegin></SequenceEntry>'),
    ).toThrow(expect.objectContaining({ code: 'unexpected-answer' }));
  });
});

describe('hours', () => {
  it('give back what they were cut from, however the cuts lie', () => {
    const recorded = [
      { start: 100, end: 3 * hourMs + 5 },
      { start: 3 * hourMs + 6, end: 3 * hourMs + 7 },
      { start: 4 * hourMs, end: 5 * hourMs },
    ];
    const motion = [{ start: hourMs - 1, end: hourMs + 1 }];
    const blocks = cutIntoHours(recorded, motion, 0, 6).map((block, hour) => [hour, block] as const);
    expect(joinHours(blocks, { start: 0, end: 6 * hourMs })).toEqual({ recorded, motion });
    expect(joinHours(blocks, { start: hourMs, end: 2 * hourMs })).toEqual({
      recorded: [{ start: hourMs, end: 2 * hourMs }],
      motion: [{ start: hourMs, end: hourMs + 1 }],
    });
    expect(cutIntoHours(recorded, motion, 4, 5)[0]).toEqual({
      pairs: Uint32Array.of(0, hourMs),
      recorded: 2,
    });
  });

  it('merge what overlaps', () => {
    const blocks = cutIntoHours(
      [
        { start: 0, end: 50 },
        { start: 40, end: 90 },
      ],
      [],
      0,
      1,
    );
    expect(joinHours([[0, blocks[0]!]], { start: 0, end: hourMs }).recorded).toEqual([{ start: 0, end: 90 }]);
  });
});

describe('turns', () => {
  it('lets so many in at a time, in order, and those that leave do not hold the others up', async () => {
    const turns = new Turns(2);
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<number>());
    const entered: number[] = [];
    const leaving = new AbortController();
    const work = gates.map((gate, i) =>
      turns.take(i === 2 ? leaving.signal : never, () => {
        entered.push(i);
        return gate.promise;
      }),
    );
    expect(entered).toEqual([0, 1]);
    leaving.abort(new Error('left'));
    await expect(work[2]).rejects.toThrow('left');
    gates[0]!.reject(new Error('failed'));
    await expect(work[0]).rejects.toThrow('failed');
    await expect.poll(() => entered).toEqual([0, 1, 3]);
    gates[1]!.resolve(1);
    gates[3]!.resolve(3);
    expect(await Promise.all([work[1], work[3]])).toEqual([1, 3]);
    expect(await turns.take(never, () => Promise.resolve('free'))).toBe('free');
  });
});

describe('shared work', () => {
  it('goes on while somebody waits and stops with the last', async () => {
    const aborted: string[] = [];
    const forEver = (signal: AbortSignal) =>
      new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted.push('stopped');
          reject(signal.reason as Error);
        });
      });
    const work = new SharedWork(forEver);
    const [one, two] = [new AbortController(), new AbortController()];
    const waiting = [work.join(one.signal), work.join(two.signal)];
    one.abort(new Error('one left'));
    await expect(waiting[0]).rejects.toThrow('one left');
    expect(aborted).toEqual([]);
    two.abort(new Error('two left'));
    await expect(waiting[1]).rejects.toThrow('two left');
    expect(aborted).toEqual(['stopped']);
    expect(work.isAbandoned).toBe(true);
  });

  it('keeps its result', async () => {
    const work = new SharedWork(() => Promise.resolve(7));
    expect([await work.join(never), await work.join(never)]).toEqual([7, 7]);
    expect(work.isAbandoned).toBe(false);
  });
});
