import { describe, expect, it } from 'vitest';
import { firstMedia, readIce, sendsVideo, withIce, writeFragment } from './sdp-fragment.ts';

const sdp = (...lines: string[]): string => `${lines.join('\r\n')}\r\n`;

const answer = sdp(
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0 1',
  'a=ice-lite',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'c=IN IP4 0.0.0.0',
  'a=ice-ufrag:old',
  'a=ice-pwd:oldpassword',
  'a=ice-options:trickle',
  'a=candidate:1 1 udp 1 192.0.2.1 9 typ host',
  'a=end-of-candidates',
  'a=mid:0',
  'a=sendonly',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'c=IN IP4 0.0.0.0',
  'a=ice-ufrag:old',
  'a=ice-pwd:oldpassword',
  'a=mid:1',
  'a=inactive',
);

it('reads the ICE session of a description', () => {
  expect(readIce(answer)).toEqual({
    usernameFragment: 'old',
    password: 'oldpassword',
    candidates: ['candidate:1 1 udp 1 192.0.2.1 9 typ host'],
    options: ['ice-lite', 'ice-options:trickle'],
  });
  expect(readIce(sdp('v=0', 'a=ice-ufrag:x'))).toBeUndefined();
});

it('reads fragments with bare line feeds too', () => {
  expect(readIce('a=ice-ufrag:u\na=ice-pwd:p\nm=video 9 X 0\na=mid:0\n')).toMatchObject({
    usernameFragment: 'u',
    password: 'p',
  });
});

it('finds the first m-line and its mid', () => {
  expect(firstMedia(answer)).toEqual({ media: 'video 9 UDP/TLS/RTP/SAVPF 96', mid: '0' });
  expect(firstMedia(sdp('v=0'))).toBeUndefined();
});

it('writes a fragment that reads back as it was', () => {
  const ice = {
    usernameFragment: 'new',
    password: 'newpassword',
    candidates: [
      'candidate:1 1 udp 1 192.0.2.2 9 typ host',
      'candidate:2 1 tcp 1 192.0.2.2 9 typ host tcptype active',
    ],
    options: ['ice-options:trickle'],
  };
  const tagged = { media: 'video 9 UDP/TLS/RTP/SAVPF 96', mid: '0' };
  const fragment = writeFragment(ice, tagged, true);
  expect(readIce(fragment)).toEqual(ice);
  expect(firstMedia(fragment)).toEqual(tagged);
  expect(fragment.endsWith('a=end-of-candidates\r\n')).toBe(true);
  expect(writeFragment(ice, tagged, false)).not.toContain('end-of-candidates');
});

describe('a restarted ICE session', () => {
  const restarted = withIce(answer, {
    usernameFragment: 'new',
    password: 'newpassword',
    candidates: ['candidate:7 1 udp 1 192.0.2.9 9 typ host'],
    options: ['ice-options:trickle'],
  });

  it('replaces credentials in every section and candidates in the first', () => {
    expect(restarted.match(/a=ice-ufrag:.*/g)).toEqual(['a=ice-ufrag:new', 'a=ice-ufrag:new']);
    expect(restarted.match(/a=candidate:.*/g)).toEqual(['a=candidate:7 1 udp 1 192.0.2.9 9 typ host']);
    expect(restarted.indexOf('a=candidate')).toBeLessThan(restarted.indexOf('m=audio'));
  });

  it('takes ice-lite as the new session says it', () => {
    expect(restarted).not.toContain('ice-lite');
    const lite = withIce(answer, { ...readIce(answer)!, usernameFragment: 'x' });
    expect(lite.match(/a=ice-lite/g)).toHaveLength(1);
    expect(lite.indexOf('a=ice-lite')).toBeLessThan(lite.indexOf('m=video'));
  });

  it('leaves everything else in its order', () => {
    const rest = (text: string) => text.split('\r\n').filter((line) => !/ice-|candidate/.test(line));
    expect(rest(restarted)).toEqual(rest(answer));
  });
});

describe('whether an answer takes up the video', () => {
  const section = (...lines: string[]) => sdp('v=0', 's=-', ...lines);
  it.each([
    [section('m=video 9 X 96', 'a=sendonly'), true],
    [section('m=video 9 X 96', 'a=sendrecv'), true],
    [section('m=video 9 X 96'), true],
    [section('m=video 0 X 96', 'a=sendonly', 'a=bundle-only'), true],
    [section('m=video 0 X 96', 'a=sendonly'), false],
    [section('m=video 9 X 96', 'a=inactive'), false],
    [section('m=video 9 X 96', 'a=recvonly'), false],
    [section('m=video 9 X 96', 'a=sendonly', 'm=audio 9 X 0', 'a=inactive'), true],
    [section('m=audio 9 X 0', 'a=sendonly'), false],
  ])('%j', (text, expected) => {
    expect(sendsVideo(text)).toBe(expected);
  });
});
