import { expect, it } from 'vitest';
import { RtspReader, RtspSyntaxError, writeAnswer } from './message.ts';

const request = 'SET_PARAMETER rtsp://camera/1/sub RTSP/1.0\r\nCSeq: 7\r\nContent-Length: 4\r\n\r\nping';

it('reads the same messages whatever pieces they arrive in', () => {
  const stream = Buffer.concat([
    Buffer.from('\r\n'),
    Buffer.from(request),
    Buffer.from([0x24, 1, 0, 3, 9, 8, 7]),
    Buffer.from(request),
  ]);
  for (let size = 1; size <= stream.length; size++) {
    const reader = new RtspReader();
    const messages = [];
    for (let at = 0; at < stream.length; at += size)
      messages.push(...reader.read(stream.subarray(at, at + size)));
    expect(messages.map((message) => message.kind)).toEqual(['request', 'frame', 'request']);
    expect(messages[0]).toMatchObject({
      method: 'SET_PARAMETER',
      uri: 'rtsp://camera/1/sub',
      version: 'RTSP/1.0',
    });
    expect(messages[0]?.kind === 'request' && messages[0].body.toString()).toBe('ping');
    expect(messages[1]).toMatchObject({ channel: 1, payload: Buffer.from([9, 8, 7]) });
  }
});

it.each([
  ['no request line', 'hello\r\n\r\n', 400],
  ['a header without a colon', 'OPTIONS * RTSP/1.0\r\nCSeq\r\n\r\n', 400],
  ['a folded header', 'OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n more\r\n\r\n', 400],
  ['a length that is no number', 'OPTIONS * RTSP/1.0\r\nContent-Length: -5\r\n\r\n', 400],
  ['a body without measure', 'OPTIONS * RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n', 413],
  ['a head without end', `OPTIONS * RTSP/1.0\r\nX: ${'x'.repeat(20_000)}`, 413],
])('refuses %s', (_what, text, status) => {
  let caught: unknown;
  try {
    Array.from(new RtspReader().read(Buffer.from(text)));
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(RtspSyntaxError);
  expect(caught).toMatchObject({ status });
});

it('writes one line for each value of a header, and the length of the body in octets', () => {
  const text = writeAnswer({ status: 401, headers: { 'WWW-Authenticate': ['a', 'b'] }, body: 'é' }, '3');
  expect(text.split('\r\n')).toEqual([
    'RTSP/1.0 401 Unauthorized',
    'CSeq: 3',
    'Server: Parapet synthetic camera',
    'WWW-Authenticate: a',
    'WWW-Authenticate: b',
    'Content-Length: 2',
    '',
    'é',
  ]);
});
