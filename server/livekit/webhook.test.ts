import { createHash } from 'node:crypto';
import { AccessToken } from 'livekit-server-sdk';
import { expect, it } from 'vitest';
import { viewerToken } from './tokens.ts';
import { readWebhook } from './webhook.ts';

const key = { apiKey: 'parapet', apiSecret: 'a-secret-that-is-long-enough-for-this' };
const body = JSON.stringify({
  event: 'participant_left',
  id: 'EV_1',
  room: { name: 'camera_p1' },
  participant: { identity: 'op:1' },
});

async function signed(text: string, by = key): Promise<string> {
  const token = new AccessToken(by.apiKey, by.apiSecret, { ttl: 300 });
  token.sha256 = createHash('sha256').update(text).digest('base64');
  return await token.toJwt();
}

it('takes what LiveKit has signed', async () => {
  expect(await readWebhook(key, body, await signed(body))).toEqual({
    id: 'EV_1',
    event: 'participant_left',
    room: 'camera_p1',
    identity: 'op:1',
  });
});

it.each<[string, (body: string) => Promise<string | undefined>]>([
  ['unsigned', () => Promise.resolve(undefined)],
  ['signed with nothing', () => Promise.resolve('')],
  ['signed for another body', () => signed('{}')],
  [
    'signed by another',
    (text) => signed(text, { ...key, apiSecret: 'a-secret-that-nobody-has-told-anyone' }),
  ],
  ['with a viewer’s token', () => viewerToken(key, { room: 'camera_p1', identity: 'x' })],
  ['signed as browsers would', async (text) => `Bearer ${await signed(text)}`],
])('takes nothing that is %s', async (_what, sign) => {
  expect(await readWebhook(key, body, await sign(body))).toBeUndefined();
});
