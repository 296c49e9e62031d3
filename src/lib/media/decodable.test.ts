import { expect, it } from 'vitest';
import { canDecode } from './decodable.ts';

const only = (what: 'webRtc' | 'buffered') => ({
  webRtcH265: () => what === 'webRtc',
  bufferedH265: () => what === 'buffered',
});

it('asks for H.265 the decoder of the way that brings it', () => {
  expect(canDecode('H265', 'whep', only('webRtc'))).toBe(true);
  expect(canDecode('H265', 'livekit', only('buffered'))).toBe(false);
  expect(canDecode('H265', 'hls', only('buffered'))).toBe(true);
  expect(canDecode('H265', 'hls', only('webRtc'))).toBe(false);
});

it('takes H.264, and what is not told, for granted, and JPEG in a video for nothing that comes', () => {
  expect([canDecode('H264', 'whep'), canDecode(undefined, 'hls'), canDecode('MJPEG', 'whep')]).toEqual([
    true,
    true,
    false,
  ]);
  expect(canDecode('MJPEG', 'stills')).toBe(true);
});
