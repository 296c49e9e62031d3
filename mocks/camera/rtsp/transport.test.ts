import { expect, it } from 'vitest';
import { chooseTransport } from './transport.ts';

const both = ['tcp', 'udp'] as const;

it.each([
  ['RTP/AVP/TCP;unicast;interleaved=2-3', { kind: 'tcp', channels: [2, 3] }],
  ['RTP/AVP/TCP;interleaved=0', { kind: 'tcp', channels: [0, 1] }],
  ['rtp/avp/tcp; unicast', { kind: 'tcp', channels: undefined }],
  ['RTP/AVP;unicast;client_port=5000-5001', { kind: 'udp', ports: [5000, 5001] }],
  ['RTP/AVP/UDP;unicast;client_port=5000-5001;mode="PLAY"', { kind: 'udp', ports: [5000, 5001] }],
  ['RTP/AVP;multicast,RTP/AVP/TCP;unicast;interleaved=0-1', { kind: 'tcp', channels: [0, 1] }],
])('understands %s', (header, wish) => {
  expect(chooseTransport(header, both)).toEqual(wish);
});

it.each([
  undefined,
  '',
  'RTP/AVP;multicast;client_port=5000-5001',
  'RTP/SAVP;unicast;client_port=5000-5001',
  'RTP/AVP;unicast',
  'RTP/AVP;unicast;client_port=0-1',
  'RTP/AVP;unicast;client_port=70000-70001',
  'RTP/AVP/TCP;unicast;interleaved=255-256',
  'RTP/AVP/TCP;unicast;interleaved=x',
  'RTP/AVP/TCP;unicast;mode=record',
])('cannot serve %s', (header) => {
  expect(chooseTransport(header, both)).toBeUndefined();
});

it('passes over what this server does not offer', () => {
  const header = 'RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast;interleaved=0-1';
  expect(chooseTransport(header, ['tcp'])).toMatchObject({ kind: 'tcp' });
  expect(chooseTransport(header, ['udp'])).toMatchObject({ kind: 'udp' });
});
