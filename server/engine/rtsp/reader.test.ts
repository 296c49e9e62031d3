import { describe, expect, it } from 'vitest';
import { RtspReader } from './reader.ts';

/** What comes out when the bytes arrive in pieces of this size. */
function read(bytes: Buffer, piece: number): string[] {
  const out: string[] = [];
  const reader = new RtspReader({
    packet: (channel, packet) => out.push(`${String(channel)}:${packet.toString('latin1')}`),
    message: (message) =>
      out.push(
        `${message.startLine}|${[...message.headers].map(([k, v]) => `${k}=${v.join('+')}`).join(';')}|${message.body.toString()}`,
      ),
  });
  for (let at = 0; at < bytes.length; at += piece) reader.push(bytes.subarray(at, at + piece));
  return out;
}

const frame = (channel: number, text: string): string =>
  `$${String.fromCharCode(channel, text.length >> 8, text.length & 0xff)}${text}`;

const conversation = Buffer.from(
  'RTSP/1.0 200 OK\r\nCSeq: 1\r\nWWW-Authenticate: Digest a\r\nWWW-Authenticate: Basic b\r\n\r\n' +
    frame(0, 'RTSP/1.0 200 OK\r\n\r\n$') +
    'RTSP/1.0 200 OK\r\nContent-Length: 5\r\nCSeq:2\r\n\r\nhello' +
    '\r\n' +
    frame(1, '') +
    'OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n' +
    frame(0, 'x'.repeat(3000)),
  'latin1',
);

describe('an RTSP connection', () => {
  it.each([1, 2, 3, 7, 64, 1000, 65_536])(
    'is taken apart the same when it comes in pieces of %i',
    (piece) => {
      expect(read(conversation, piece)).toEqual([
        'RTSP/1.0 200 OK|cseq=1;www-authenticate=Digest a+Basic b|',
        '0:RTSP/1.0 200 OK\r\n\r\n$',
        'RTSP/1.0 200 OK|content-length=5;cseq=2|hello',
        '1:',
        'OPTIONS * RTSP/1.0|cseq=9|',
        `0:${'x'.repeat(3000)}`,
      ]);
    },
  );

  it('takes a packet as large as they get', () => {
    const large = Buffer.from(frame(0, 'y'.repeat(65_535)), 'latin1');
    expect(read(large, 1448)).toEqual([`0:${'y'.repeat(65_535)}`]);
  });

  it.each([
    ['rubbish', '\0\0\0'],
    ['another protocol', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['an impossible length', 'RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n'],
    ['a length that is no number', 'RTSP/1.0 200 OK\r\nContent-Length: many\r\n\r\n'],
    ['a body beyond measure', 'RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n'],
    ['a header that does not end', `RTSP/1.0 200 OK\r\nX: ${'x'.repeat(70_000)}`],
  ])('ends at %s', (_what, text) => {
    expect(() => read(Buffer.from(text, 'latin1'), 65_536)).toThrow(
      expect.objectContaining({ code: 'protocol' }),
    );
  });
});
