import { describe, expect, it } from 'vitest';
import { SettingsAnswer, StreamsAnswer } from './answers.ts';
import { chooseStreams, readSettings } from './streams.ts';

const id = (n: number) => `${String(n).repeat(8)}-0000-4000-8000-000000000000`;
const usage = (n: number, more: object = {}) => ({
  displayName: `Video stream ${n}`,
  streamReferenceId: id(n).toUpperCase(),
  liveMode: 'WhenNeeded',
  liveDefault: n === 1,
  ...more,
});
const set = (n: number, resolution: string, more: object = {}) => ({
  displayName: `Video stream ${n}`,
  codec: 'H.264',
  FPS: '15',
  resolution,
  ...more,
});
const choose = (streams: object[], settings?: object[]) =>
  chooseStreams(
    StreamsAnswer.parse({ stream: streams }),
    settings === undefined ? undefined : SettingsAnswer.parse({ stream: settings }),
  ).map((stream) => [stream.name, stream.id.charAt(0), stream.width]);

describe('choosing main and sub', () => {
  it('takes the largest and the smallest, whatever their order and default', () => {
    expect(
      choose([usage(1), usage(2), usage(3)], [set(3, '640x360'), set(1, '1280x720'), set(2, '1920x1080')]),
    ).toEqual([
      ['main', '2', 1920],
      ['sub', '3', 640],
    ]);
  });

  it('goes by the live default where sizes are not known', () => {
    expect(choose([usage(1, { liveDefault: 'False' }), usage(2, { liveDefault: 'True' }), usage(3)])).toEqual(
      [
        ['main', '2', undefined],
        ['sub', '1', undefined],
      ],
    );
  });

  it('has no sub stream where there is one stream only', () => {
    expect(choose([usage(1)], [set(1, '1280x720')])).toEqual([['main', '1', 1280]]);
    expect(
      choose([usage(1), usage(2, { liveMode: 'Never' })], [set(1, '1280x720'), set(2, '640x360')]),
    ).toEqual([['main', '1', 1280]]);
  });

  it('leaves JPEG aside while there is something better', () => {
    const jpeg = set(2, '320x180', { codec: 'MJPEG' });
    expect(choose([usage(1), usage(2)], [set(1, '1280x720'), jpeg])).toEqual([['main', '1', 1280]]);
    expect(choose([usage(2)], [jpeg])).toEqual([['main', '2', 320]]);
  });

  it('pairs settings by order where drivers do not name their streams', () => {
    const nameless = [set(1, '1280x720'), set(2, '640x360')].map((each) => ({
      ...each,
      displayName: undefined,
    }));
    expect(choose([usage(1), usage(2)], nameless)).toEqual([
      ['main', '1', 1280],
      ['sub', '2', 640],
    ]);
  });

  it('gives nothing for a camera without streams', () => {
    expect(choose([])).toEqual([]);
  });
});

it.each([
  [
    { codec: 'H.264', FPS: '25', resolution: '1280x720' },
    { codec: 'H264', framesPerSecond: 25, width: 1280, height: 720 },
  ],
  [
    { Codec: 'h265', FrameRate: 12.5, Resolution: '3840 × 2160 (4K)' },
    { codec: 'H265', framesPerSecond: 12.5, width: 3840, height: 2160 },
  ],
  [{ codec: 'HEVC Main' }, { codec: 'H265' }],
  [{ codec: 'Motion JPEG', fps: 0, resolution: 'D1' }, { codec: 'MJPEG' }],
  [{ codec: { nested: true }, resolution: null }, {}],
])('reads a driver’s settings %j', (settings, expected) => {
  expect(readSettings(settings)).toEqual(expected);
});
